using IlqrVae.Data;
using IlqrVae.Data.Export;
using IlqrVae.Evaluation;
using IlqrVae.Inference;
using IlqrVae.Recordings;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Files;

/// <summary>The posterior file, an HDF5 file described in docs/posterior-format.md.</summary>
public static class PosteriorFile
{
    /// <summary>The value of the attribute <c>format</c> by which the file is known.</summary>
    public const string Format = "ilqr-vae posterior";

    private const long Version = 1;

    /// <summary>Writes estimates, all of them or nothing.</summary>
    /// <param name="path">Destination.</param>
    /// <param name="description">The model.</param>
    /// <param name="trials">The trials.</param>
    /// <param name="estimates">What was found in them, in the same order.</param>
    /// <param name="hidden">Names of the groups that were hidden.</param>
    /// <param name="calibration">What was learned about the run's intervals; null for nothing.</param>
    /// <param name="intervals">Intervals of each trial's channels; empty for none.</param>
    /// <param name="format">The format; of <see cref="ExportFormat.Nwb"/> and <see cref="ExportFormat.Lfads"/> samples and intervals are no part.</param>
    /// <param name="origin">What it was made of, so that it can be scored; null where nobody need know.</param>
    public static void Write(
        string path, ModelDescription description, IReadOnlyList<Trial> trials, IReadOnlyList<TrialEstimate> estimates, IReadOnlySet<string> hidden,
        SituationCalibration? calibration = null, IReadOnlyList<TrialIntervals>? intervals = null, ExportFormat format = ExportFormat.Hdf5, PosteriorOrigin? origin = null)
    {
        var archive = Build(path, description, trials, estimates, hidden, calibration, intervals);
        if (origin is not null)
        {
            AddOrigin(archive, path, trials, estimates, origin);
        }

        if (format == ExportFormat.Hdf5)
        {
            archive.Save(path, isSealed: true);
        }
        else
        {
            ExportFile.Write(path, format, archive.ToTree(path));
        }
    }

    private static void AddOrigin(Hdf5Archive archive, string path, IReadOnlyList<Trial> trials, IReadOnlyList<TrialEstimate> estimates, PosteriorOrigin origin)
    {
        archive.SetAttribute("/", "model", origin.Model);
        archive.SetAttribute("/", "recording", origin.Recording);
        archive.SetAttribute("/", "by_position", origin.ByPosition ? 1L : 0L);
        if (estimates[0].Variables is null)
        {
            return;
        }

        // Of autoregressive inputs: the state's memory of them and what is new in each bin.
        var columns = estimates[0].Inputs.Columns;
        var states = estimates[0].Variables!.Length - ((trials[0].Bins - 1) * columns);
        Add(archive, path, "variables/initial_state", [.. estimates.Select(estimate => new Table(1, states, estimate.Variables![..states]))]);
        Add(archive, path, "variables/inputs", [.. estimates.Select((estimate, t) => new Table(trials[t].Bins, columns, [.. estimate.Variables![states..], .. new double[columns]]))]);
    }

    /// <summary>Which trials a file holds, and what inference did not see of them.</summary>
    /// <param name="path">The file, in HDF5.</param>
    /// <param name="description">The model it was inferred with.</param>
    /// <returns>The split of its trials, "all" where they have several; names of the groups that were hidden.</returns>
    /// <exception cref="InputException">It is no posterior file, or not of this model.</exception>
    public static (string Split, IReadOnlySet<string> Hidden) ContentsOf(string path, ModelDescription description)
    {
        ArgumentNullException.ThrowIfNull(description);
        using var archive = Open(path);
        var splits = archive.ReadStrings("trials/split", -1).Values.Distinct(StringComparer.Ordinal).ToList();
        if (splits.Count == 0 || !splits.TrueForAll(split => split is "train" or "validation" or "test"))
        {
            throw new InputException($"--posterior: {path}: '/trials/split' names no splits; the file is damaged, infer again.");
        }

        return (splits is [var one] ? one : "all", HiddenIn(archive, description));
    }

    /// <summary>Opens a file and looks at its checksum.</summary>
    internal static Hdf5ArchiveReader Open(string path)
    {
        var archive = Hdf5Archive.Open(path);
        try
        {
            if (!archive.HasAttribute("/", "format") || archive.ReadText("/", "format") != Format)
            {
                throw new InputException($"--posterior: {path} is no posterior file; give one that 'ilqr-vae infer' wrote as HDF5.");
            }

            archive.VerifySeal();
            return archive;
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }

    /// <summary>Names of the groups that were hidden.</summary>
    internal static HashSet<string> HiddenIn(Hdf5ArchiveReader archive, ModelDescription description)
        => description.Groups.Select(group => group.Name).Where(name => archive.ContainsTable($"channels/{name}/mean")
            ? archive.ReadWhole($"channels/{name}/mean", "hidden") != 0
            : throw new InputException($"--posterior: {archive.Path} has no group '{name}', which the model explains; give a posterior that was inferred with this model.")).ToHashSet(StringComparer.Ordinal);

    private static Hdf5Archive Build(
        string path, ModelDescription description, IReadOnlyList<Trial> trials, IReadOnlyList<TrialEstimate> estimates, IReadOnlySet<string> hidden, SituationCalibration? calibration,
        IReadOnlyList<TrialIntervals>? intervals)
    {
        var total = trials.Sum(trial => (long)trial.Bins);
        if (total > int.MaxValue)
        {
            throw new InputException($"{path}: the trials have {total} bins together, more than one file holds ({int.MaxValue}); infer one split at a time with --split.");
        }

        var archive = new Hdf5Archive();
        archive.SetAttribute("/", "format", Format);
        archive.SetAttribute("/", "version", Version);
        archive.SetAttribute("/", "bin_width", description.BinWidth);
        var first = new long[trials.Count];
        for (var t = 1; t < trials.Count; t++)
        {
            first[t] = first[t - 1] + trials[t - 1].Bins;
        }

        archive.Add("trials/first_bin", first);
        archive.Add("trials/bins", [.. trials.Select(trial => (long)trial.Bins)]);
        archive.Add("trials/name", [.. trials.Select(trial => trial.Name)]);
        archive.Add("trials/split", [.. trials.Select(trial => trial.Split.ToString().ToLowerInvariant())]);
        archive.Add("trials/converged", [.. estimates.Select(estimate => estimate.Map.Status == Control.SolverStatus.Converged ? (byte)1 : (byte)0)]);
        archive.Add("trials/iterations", [.. estimates.Select(estimate => (long)estimate.Map.Iterations)]);
        archive.Add("trials/cost", [.. estimates.Select(estimate => estimate.Map.Cost)]);
        archive.Add("trials/log_evidence", [.. estimates.Select(estimate => estimate.LogEvidence)]);
        Add(archive, path, "inputs/mean", [.. estimates.Select(estimate => estimate.Inputs)]);
        Add(archive, path, "inputs/deviation", [.. estimates.Select(estimate => estimate.InputDeviations)]);
        Add(archive, path, "states/mean", [.. estimates.Select(estimate => estimate.States)]);
        Add(archive, path, "states/deviation", [.. estimates.Select(estimate => estimate.StateDeviations)]);
        Add(archive, path, "initial_state/mean", [.. estimates.Select(estimate => FirstRow(estimate.States))]);
        Add(archive, path, "initial_state/deviation", [.. estimates.Select(estimate => FirstRow(estimate.StateDeviations))]);
        for (var g = 0; g < description.Groups.Count; g++)
        {
            var group = description.Groups[g];
            var table = $"channels/{group.Name}/mean";
            Add(archive, path, table, [.. estimates.Select(estimate => estimate.Means[g])]);
            Add(archive, path, $"channels/{group.Name}/deviation", [.. estimates.Select(estimate => estimate.MeanDeviations[g])]);
            if (group.ChannelNames is { } names)
            {
                archive.Add($"channels/{group.Name}/names", [.. names]);
            }

            archive.SetAttribute(table, "unit", description.IsRate(g) ? "Hz" : group.Unit);
            archive.SetAttribute(table, "hidden", hidden.Contains(group.Name) ? 1L : 0L);
            AddPredictive(archive, path, description, g, estimates, calibration?.Of(group.Name, hidden.Contains(group.Name) ? EntryCase.Hidden : EntryCase.Missing));
            if (intervals is { Count: > 0 })
            {
                AddIntervals(archive, path, group.Name, [.. intervals.Select(one => one.Lower[g])], "lower");
                AddIntervals(archive, path, group.Name, [.. intervals.Select(one => one.Upper[g])], "upper");
            }
        }

        AddSamples(archive, path, estimates, (int)total);
        return archive;
    }

    /// <summary>What is to be expected of observations: the posterior's deviations and those of the noise together.</summary>
    private static void AddPredictive(
        Hdf5Archive archive, string path, ModelDescription description, int g, IReadOnlyList<TrialEstimate> estimates, GroupCalibration? calibration)
    {
        if (estimates[0].NoiseDeviations.Count == 0)
        {
            return;
        }

        var folder = $"channels/{description.Groups[g].Name}";
        var table = $"{folder}/predictive_deviation";
        var (posterior, noise) = (calibration?.PosteriorScale ?? 1, calibration?.NoiseScale ?? 1);

        // The noise of counts is that of counts in a bin; means are in Hz.
        var unit = description.IsRate(g) ? 1 / description.BinWidth : 1;
        Add(archive, path, table, [.. estimates.Select(estimate => Together(estimate.MeanDeviations[g], posterior, estimate.NoiseDeviations[g], noise * unit))]);
        archive.SetAttribute(table, "calibrated", calibration is null ? 0L : 1L);
        archive.SetAttribute(table, "posterior_scale", posterior);
        archive.SetAttribute(table, "noise_scale", noise);
        if (!description.IsRate(g))
        {
            archive.Add($"{folder}/noise_deviation", RootMeanSquares([.. estimates.Select(estimate => estimate.NoiseDeviations[g])]), description.Groups[g].Channels);
            archive.Add($"{folder}/half_width/level", [.. RunCalibration.Levels], RunCalibration.Levels.Count);
            archive.Add($"{folder}/half_width/deviations", [.. calibration?.HalfWidths ?? [.. RunCalibration.Levels.Select(Numerics.NormalDistribution.HalfWidth)]], RunCalibration.Levels.Count);
        }
    }

    private static Table Together(Table posterior, double posteriorScale, Table noise, double noiseScale)
    {
        var together = new Table(posterior.Bins, posterior.Columns);
        for (var i = 0; i < together.Values.Length; i++)
        {
            var (a, b) = (posteriorScale * posterior.Values[i], noiseScale * noise.Values[i]);
            together.Values[i] = Math.Sqrt((a * a) + (b * b));
        }

        return together;
    }

    /// <summary>Of each column; of noise that is always the same, that.</summary>
    private static double[] RootMeanSquares(IReadOnlyList<Table> tables)
    {
        var sums = new double[tables[0].Columns];
        foreach (var table in tables)
        {
            for (var i = 0; i < table.Values.Length; i++)
            {
                sums[i % sums.Length] += table.Values[i] * table.Values[i];
            }
        }

        return Array.ConvertAll(sums, sum => Math.Sqrt(sum / tables.Sum(table => table.Bins)));
    }

    /// <summary>Levels x bins x channels.</summary>
    private static void AddIntervals(Hdf5Archive archive, string path, string group, IReadOnlyList<IReadOnlyList<Table>> ends, string name)
    {
        var (columns, rows) = (ends[0][0].Columns, ends.Sum(trial => (long)trial[0].Bins));
        var table = $"channels/{group}/intervals/{name}";
        var values = new double[RequireEntries(path, table, ends[0].Count * rows * columns)];
        var at = 0;
        for (var level = 0; level < ends[0].Count; level++)
        {
            foreach (var trial in ends)
            {
                trial[level].Values.CopyTo(values, at);
                at += trial[level].Values.Length;
            }
        }

        archive.Add(table, values, ends[0].Count, (int)rows, columns);
        if (name == "lower")
        {
            archive.Add($"channels/{group}/intervals/level", [.. IntervalCoverage.Levels], IntervalCoverage.Levels.Count);
        }
    }

    private static void AddSamples(Hdf5Archive archive, string path, IReadOnlyList<TrialEstimate> estimates, int total)
    {
        var count = estimates.Max(estimate => estimate.Samples.Count);
        if (count == 0)
        {
            return;
        }

        var weights = new double[count * estimates.Count];
        for (var k = 0; k < count; k++)
        {
            for (var t = 0; t < estimates.Count; t++)
            {
                weights[(k * estimates.Count) + t] = k < estimates[t].Samples.Count ? estimates[t].Samples[k].LogWeight : double.NaN;
            }
        }

        AddSampled(archive, path, "samples/inputs", estimates, count, total, sample => sample.Inputs, estimate => estimate.Inputs);
        AddSampled(archive, path, "samples/states", estimates, count, total, sample => sample.States, estimate => estimate.States);
        archive.Add("samples/log_weight", weights, count, estimates.Count);
    }

    private static void AddSampled(
        Hdf5Archive archive, string path, string table, IReadOnlyList<TrialEstimate> estimates, int count, int total, Func<TrialSample, Table> take, Func<TrialEstimate, Table> like)
    {
        var columns = like(estimates[0]).Columns;
        var values = new double[RequireEntries(path, table, (long)count * total * columns)];
        var at = 0;
        for (var k = 0; k < count; k++)
        {
            foreach (var estimate in estimates)
            {
                var part = values.AsSpan(at, estimate.States.Bins * columns);
                at += part.Length;
                if (k < estimate.Samples.Count)
                {
                    take(estimate.Samples[k]).Values.CopyTo(part);
                }
                else
                {
                    part.Fill(double.NaN);
                }
            }
        }

        archive.Add(table, values, count, total, columns);
    }

    private static void Add(Hdf5Archive archive, string path, string table, IReadOnlyList<Table> parts)
    {
        var columns = parts[0].Columns;
        var rows = parts.Sum(part => part.Bins);
        var values = new double[RequireEntries(path, table, (long)rows * columns)];
        var at = 0;
        foreach (var part in parts)
        {
            part.Values.CopyTo(values, at);
            at += part.Values.Length;
        }

        archive.Add(table, values, rows, columns);
    }

    private static long RequireEntries(string path, string table, long entries) => entries <= Array.MaxLength
        ? entries
        : throw new InputException($"{path}: '/{table}' has {entries} entries, more than a table holds ({Array.MaxLength}); infer one split at a time with --split, or fewer --draws.");

    private static Table FirstRow(Table table) => new(1, table.Columns, table.Row(0).ToArray());
}

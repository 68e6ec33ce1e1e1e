using System.Globalization;
using System.Numerics;
using IlqrVae.Data;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Training;

namespace IlqrVae.Runs.Files;

/// <summary>What a checkpoint was made with.</summary>
/// <param name="Configuration">The completed configuration.</param>
/// <param name="Recording">The fingerprint of the recording.</param>
public sealed record CheckpointOrigin(RunConfiguration Configuration, RecordingFingerprint Recording);

/// <summary>The checkpoint of a run: the whole state of its training, so that it continues with the same bits.</summary>
public static class CheckpointFile
{
    private const string Format = "ilqr-vae checkpoint";
    private const long Version = 5;

    /// <summary>Writes a state, all of it or nothing.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="path">Destination.</param>
    /// <param name="state">The state.</param>
    /// <param name="origin">What it was made with.</param>
    /// <param name="before">Where the checkpoint that is replaced goes; null where it is not kept.</param>
    public static void Write<T>(string path, TrainingState<T> state, CheckpointOrigin origin, string? before = null)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var archive = new Hdf5Archive();
        archive.SetAttribute("/", "format", Format);
        archive.SetAttribute("/", "version", Version);
        archive.Add("configuration", [ConfigurationFile.Write(origin.Configuration)], 1);
        archive.Add("fingerprint", [origin.Recording.Channels, origin.Recording.Trials, origin.Recording.Values]);
        archive.SetAttribute("/", "iteration", (long)state.Iteration);
        archive.SetAttribute("/", "seconds", state.Seconds);
        archive.SetAttribute("/", "untrained_loss", state.UntrainedLoss);
        archive.SetAttribute("/", "best_loss", state.BestLoss);
        archive.SetAttribute("/", "best_iteration", (long)state.BestIteration);
        archive.SetAttribute("/", "validations_without_improvement", (long)state.ValidationsWithoutImprovement);
        archive.SetAttribute("/", "usual_gradient_norm", state.UsualGradientNorm);
        archive.SetAttribute("/", "bad_iterations", (long)state.BadIterations);
        archive.SetAttribute("/", "lost_validations", (long)state.LostValidations);
        archive.SetAttribute("/", "recoveries", (long)state.Recoveries);
        archive.Add("raw", state.Raw);
        if (state.Average is not null)
        {
            archive.Add("average_raw", state.Average);
        }

        archive.Add("best_raw", state.BestRaw);
        var firstLosses = state.FirstLosses.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        archive.Add("first_losses/name", [.. firstLosses.Select(pair => pair.Key)]);
        archive.Add("first_losses/value", [.. firstLosses.Select(pair => pair.Value)]);
        Add(archive, "optimiser", state.Optimiser);
        Add(archive, "best_optimiser", state.BestOptimiser);
        var starts = state.WarmStarts.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .SelectMany(pair => pair.Value.Variants.Select(variant => (Name: pair.Key, Variant: (long)variant.Key, Start: variant.Value)).Prepend((Name: pair.Key, Variant: 0L, Start: pair.Value)))
            .ToList();
        archive.Add("warm_starts/name", [.. starts.Select(start => start.Name)]);
        archive.Add("warm_starts/variant", [.. starts.Select(start => start.Variant)]);
        archive.Add("warm_starts/count", [.. starts.Select(start => start.Start.Values.LongLength)]);
        archive.Add("warm_starts/is_lost", [.. starts.Select(start => start.Start.IsLost ? 1L : 0L)]);
        archive.Add("warm_starts/values", [.. starts.SelectMany(start => start.Start.Values).Select(double.CreateChecked)]);
        archive.Save(path, withChecksum: true, before: before);
    }

    /// <summary>The checkpoint of a run to go on from: the last one, or the one before where that is damaged or missing.</summary>
    /// <param name="folder">The run, which holds one of them.</param>
    /// <returns>The file, and why it is not the last one, in words; null where it is.</returns>
    /// <exception cref="InputException">The last one is damaged or missing, and the one before as well.</exception>
    public static (string Path, string? Reason) Find(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        try
        {
            Open(folder.Checkpoint).Dispose();
            return (folder.Checkpoint, null);
        }
        catch (InputException exception) when (File.Exists(folder.CheckpointBefore) && IsSound(folder.CheckpointBefore))
        {
            return (folder.CheckpointBefore, exception.Message);
        }
    }

    private static bool IsSound(string path)
    {
        try
        {
            Open(path).Dispose();
            return true;
        }
        catch (InputException)
        {
            return false;
        }
    }

    /// <summary>Reads what a checkpoint was made with.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">It is missing or damaged.</exception>
    public static CheckpointOrigin ReadOrigin(string path)
    {
        using var archive = Open(path);
        var fingerprint = archive.ReadStrings("fingerprint", 3).Values;
        return new CheckpointOrigin(
            ConfigurationFile.Parse(archive.ReadStrings("configuration", 1).Values[0], $"{path}: '/configuration'", Path.GetDirectoryName(path) ?? ""),
            new RecordingFingerprint(fingerprint[0], fingerprint[1], fingerprint[2]));
    }

    /// <summary>Reads a state.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="path">The file.</param>
    /// <param name="fresh">A fresh state of the same training, which tells the shapes.</param>
    /// <exception cref="InputException">It is missing or damaged, or belongs to another training.</exception>
    public static TrainingState<T> Read<T>(string path, TrainingState<T> fresh)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using var archive = Open(path);
        var count = fresh.Raw.Length;
        var state = new TrainingState<T>
        {
            Raw = ReadFinite(archive, "raw", count),
            Average = fresh.Average is null ? null : ReadFinite(archive, "average_raw", count),
            BestRaw = ReadFinite(archive, "best_raw", count),
            Optimiser = ReadOptimiser(archive, "optimiser", count),
            BestOptimiser = ReadOptimiser(archive, "best_optimiser", count),
            Iteration = ReadCount(archive, "/", "iteration"),
            Seconds = ReadNumber(archive, "seconds", value => value >= 0 && double.IsFinite(value)),
            UntrainedLoss = ReadNumber(archive, "untrained_loss", IsLoss),
            BestLoss = ReadNumber(archive, "best_loss", IsLoss),
            BestIteration = ReadCount(archive, "/", "best_iteration"),
            UsualGradientNorm = ReadNumber(archive, "usual_gradient_norm", value => value >= 0 && double.IsFinite(value)),
            BadIterations = ReadCount(archive, "/", "bad_iterations"),
            LostValidations = ReadCount(archive, "/", "lost_validations"),
            Recoveries = ReadCount(archive, "/", "recoveries"),
            ValidationsWithoutImprovement = ReadCount(archive, "/", "validations_without_improvement"),
        };
        if (state.BestIteration > state.Iteration)
        {
            throw Damaged(path, $"'best_iteration' is {state.BestIteration}, beyond 'iteration', {state.Iteration}");
        }

        var scored = archive.ReadStrings("first_losses/name", -1).Values;
        foreach (var (name, loss) in scored.Zip(ReadFinite(archive, "first_losses/value", scored.Length)))
        {
            state.FirstLosses[name] = loss;
        }

        var names = archive.ReadStrings("warm_starts/name", -1).Values;
        var variants = archive.ReadLongs("warm_starts/variant", names.Length).Values;
        var counts = archive.ReadLongs("warm_starts/count", names.Length).Values;
        var values = archive.ReadDoubles("warm_starts/values", -1).Values;
        var isLost = archive.ReadLongs("warm_starts/is_lost", names.Length).Values;
        var at = 0;
        for (var i = 0; i < names.Length; i++)
        {
            if (variants[i] is < 0 or > int.MaxValue)
            {
                throw Damaged(path, $"trial '{names[i]}' has a start number {variants[i]}");
            }

            if (!fresh.WarmStarts.TryGetValue(names[i], out var whole) || whole.Of((int)variants[i]) is not { } start || start.Values.Length != counts[i] || at + counts[i] > values.Length)
            {
                throw new InputException($"{path}: the start of trial '{names[i]}' does not fit the recording; resume with the recording the run was made with.");
            }

            for (var j = 0; j < counts[i]; j++)
            {
                start.Values[j] = T.CreateChecked(values[at++]);
                if (!T.IsFinite(start.Values[j]) && isLost[i] == 0)
                {
                    throw Damaged(path, $"the start of trial '{names[i]}' has a number that is not finite");
                }
            }

            start.IsLost = isLost[i] != 0;
            state.WarmStarts[names[i]] = whole;
        }

        return state;
    }

    private static void Add(Hdf5Archive archive, string group, Adam optimiser)
    {
        archive.Add($"{group}/first", optimiser.First);
        archive.Add($"{group}/second", optimiser.Second);
        archive.SetAttribute(group, "updates", (long)optimiser.Updates);
    }

    private static Adam ReadOptimiser(Hdf5ArchiveReader archive, string group, int count)
    {
        var optimiser = new Adam(count) { Updates = ReadCount(archive, group, "updates") };
        ReadFinite(archive, $"{group}/first", count).CopyTo(optimiser.First, 0);
        ReadFinite(archive, $"{group}/second", count).CopyTo(optimiser.Second, 0);
        return optimiser.Second.AsSpan().ContainsAnyExceptInRange(0, double.MaxValue)
            ? throw Damaged(archive.Path, $"'/{group}/second', which holds mean squares, has a negative number")
            : optimiser;
    }

    private static Hdf5ArchiveReader Open(string path)
    {
        var archive = Hdf5Archive.Open(path);
        try
        {
            if (!archive.HasAttribute("/", "format") || archive.ReadText("/", "format") != Format || archive.ReadWhole("/", "version") != Version)
            {
                throw new InputException($"{path}: this is not a checkpoint of this version; train anew with --force.");
            }

            archive.VerifyChecksum();
            return archive;
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }

    /// <summary>Before the first validation, and where every validation trial overflows, there is no loss, which counts as infinite.</summary>
    private static bool IsLoss(double value) => !double.IsNaN(value) && !double.IsNegativeInfinity(value);

    private static double[] ReadFinite(Hdf5ArchiveReader archive, string table, int count)
    {
        var values = archive.ReadDoubles(table, count).Values;
        return Array.FindIndex(values, value => !double.IsFinite(value)) is >= 0 and var i
            ? throw Damaged(archive.Path, $"entry {i} of '/{table}' is {values[i].ToString(CultureInfo.InvariantCulture)}")
            : values;
    }

    private static int ReadCount(Hdf5ArchiveReader archive, string group, string name)
    {
        var value = archive.ReadWhole(group, name);
        return value is >= 0 and <= int.MaxValue ? (int)value : throw Damaged(archive.Path, $"'{name}' is {value}");
    }

    private static double ReadNumber(Hdf5ArchiveReader archive, string name, Predicate<double> isPossible)
    {
        var value = archive.ReadNumber("/", name);
        return isPossible(value) ? value : throw Damaged(archive.Path, $"'{name}' is {value.ToString(CultureInfo.InvariantCulture)}");
    }

    private static InputException Damaged(string path, string what)
        => new($"{path}: {what}, which no training writes; the file is damaged, so put back a copy of it, or train anew with --force.");
}

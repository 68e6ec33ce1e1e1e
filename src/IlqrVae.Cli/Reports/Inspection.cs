using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Data.Export;
using IlqrVae.Data.Import;
using IlqrVae.Recordings;
using IlqrVae.Runs;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Cli.Reports;

/// <summary>Says what is in a file.</summary>
internal static class Inspection
{
    /// <summary>Reports on a file of any kind this program writes, or on a run's folder.</summary>
    public static void Report(string path, Terminal terminal)
    {
        if (Directory.Exists(path) && !RecordingImporters.IsFolderOfArrays(path))
        {
            path = RunFolder.ModelOf(path);
        }

        if (terminal.During($"looking at {Path.GetFileName(path)}", () => RecordingImporters.Inspect(path)) is { } contents)
        {
            ContentsReport.Write(path, contents, terminal);
            return;
        }

        // Exports are what they were made of.
        using var exported = Directory.Exists(path) ? null : ExportedFile.Open(path);
        if (exported is { IsDataset: true })
        {
            Report(path, terminal.During($"reading {Path.GetFileName(path)}", () => RecordingFile.Read(exported.Hdf5)), terminal);
            return;
        }

        using var archive = Hdf5Archive.Open(exported?.Hdf5 ?? path);
        var format = archive.HasAttribute("/", "format") ? archive.ReadText("/", "format") : "";
        switch (format)
        {
            case ModelFile.Format:
                ReportModel(archive, terminal);
                break;
            case PosteriorFile.Format:
                archive.VerifySeal();
                ReportPosterior(path, archive, terminal);
                break;
            case "ilqr-vae dataset":
                Report(path, terminal.Read(path), terminal);
                break;
            default:
                throw new InputException($"{path}: this is no file of this program; give a dataset, a model, a posterior or a run's folder, or import the file first.");
        }
    }

    /// <summary>Reports on a recording.</summary>
    public static void Report(string path, Recording recording, Terminal terminal)
    {
        var (groups, fingerprint) = terminal.During("summing up", () => (Enumerable.Range(0, recording.Groups.Count).Select(g => Summary.Of(recording, g)).ToList(), terminal.IsJson ? RecordingFingerprint.Of(recording).Whole : ""));
        var bins = recording.Trials.Sum(trial => (long)trial.Bins);
        var truth = recording.Trials.SelectMany(trial => trial.Truth).GroupBy(pair => pair.Key, StringComparer.Ordinal).Select(group => (Name: group.Key, group.First().Value.Columns)).ToList();
        var (shortest, longest) = (recording.Trials.Min(trial => trial.Bins), recording.Trials.Max(trial => trial.Bins));
        var remarks = RecordingRemarks.Of(recording);
        terminal.Remarks(remarks);
        terminal.WriteJson(() => new JsonObject
        {
            ["file"] = path,
            ["kind"] = "dataset",
            ["remarks"] = Json.Texts(remarks),
            ["source"] = recording.Source,
            ["fingerprint"] = fingerprint,
            ["bin_width"] = recording.BinWidth,
            ["trials"] = recording.Trials.Count,
            ["bins"] = bins,
            ["shortest_trial"] = shortest,
            ["longest_trial"] = longest,
            ["seconds"] = bins * recording.BinWidth,
            ["splits"] = new JsonObject(Enum.GetValues<TrialSplit>().Select(split => KeyValuePair.Create(
                split.ToString().ToLowerInvariant(),
                (JsonNode?)new JsonObject { ["trials"] = recording.TrialsOf(split).Count, ["bins"] = recording.TrialsOf(split).Sum(trial => (long)trial.Bins) }))),
            ["groups"] = new JsonArray([.. groups.Select(group => (JsonNode)group.ToJson())]),
            ["external"] = Json.Texts(recording.ExternalNames),
            ["truth"] = new JsonObject(truth.Select(one => KeyValuePair.Create(one.Name, (JsonNode?)JsonValue.Create(one.Columns)))),
        });
        terminal.WriteLine($"{path}: dataset{(recording.Source.Length > 0 ? $" ({recording.Source})" : "")}");
        var length = shortest == longest ? $"{shortest} bins" : $"{shortest} to {longest} bins";
        terminal.WriteLine(
            $"  {recording.Trials.Count} trials of {length} of {Wording.Number(recording.BinWidth * 1000, "0.###")} ms, {Wording.Duration(bins * recording.BinWidth)} in all: "
            + string.Join(", ", Enum.GetValues<TrialSplit>().Select(split => $"{recording.TrialsOf(split).Count} {split.ToString().ToLowerInvariant()}")));
        terminal.WriteTable(
            ["group", "kind", "channels", "unit", "mean", "least", "largest", "missing"],
            groups.Select(group => group.ToRow()));
        terminal.WriteLine("  least, largest: of counts the mean rate of the quietest and of the most active channel; of values the extremes of all bins");
        if (recording.ExternalNames.Count > 0)
        {
            terminal.WriteLine($"  external inputs: {string.Join(", ", recording.ExternalNames)}");
        }

        if (truth.Count > 0)
        {
            terminal.WriteLine($"  truth: {string.Join(", ", truth.Select(one => $"{one.Name} ({one.Columns})"))}");
        }
    }

    private static void ReportModel(Hdf5ArchiveReader archive, Terminal terminal)
    {
        var (description, raw, summary) = ModelFile.Read(archive);
        var parameters = ModelFile.Parameters(archive);
        var model = description.Configuration.Model;
        terminal.WriteJson(() => new JsonObject
        {
            ["file"] = archive.Path,
            ["kind"] = "model",
            ["states"] = model.States,
            ["inputs"] = model.Inputs,
            ["dynamics"] = model.Dynamics.Kind,
            ["prior"] = model.Prior.Kind,
            ["precision"] = description.Configuration.Precision.ToString().ToLowerInvariant(),
            ["bin_width"] = description.BinWidth,
            ["capacity"] = description.Capacity,
            ["fingerprint"] = description.Fingerprint,
            ["seed"] = description.Configuration.Seed,
            ["iteration"] = summary.Iteration,
            ["iterations"] = summary.Iterations,
            ["seconds"] = Json.Number(summary.Seconds),
            ["validation_loss"] = Json.Number(summary.ValidationLoss),
            ["groups"] = new JsonArray([.. description.Groups.Select(group => (JsonNode)new JsonObject { ["name"] = group.Name, ["channels"] = group.Channels, ["unit"] = group.Unit })]),
            ["raw_parameters"] = raw.Length,
            ["parameters"] = new JsonArray([.. parameters.Select(one => (JsonNode)new JsonObject
            {
                ["name"] = one.Name, ["rows"] = one.Rows, ["columns"] = one.Columns, ["constraint"] = one.Constraint,
            })]),
        });
        terminal.WriteLine(
            $"{archive.Path}: model with {model.States} states and {model.Inputs} inputs, {model.Dynamics.Kind} dynamics, {description.Configuration.Precision.ToString().ToLowerInvariant()} precision");
        terminal.WriteLine($"  explains {string.Join(", ", description.Groups.Select(group => $"{group.Name} ({group.Channels})"))} in bins of {Wording.Number(description.BinWidth * 1000, "0.###")} ms; trained on trials of up to {description.Capacity} bins");
        terminal.WriteLine(
            $"  parameters of iteration {summary.Iteration} of {summary.Iterations}, {Wording.Duration(summary.Seconds)} of training"
            + (double.IsFinite(summary.ValidationLoss) ? $", validation {TrainingSession.InWords(description.Configuration.Training.ScoreOfValidation, summary.ValidationLoss)}" : ""));
        terminal.WriteTable(["parameter", "shape", "constraint"], parameters.Select(one => (IReadOnlyList<string>)[one.Name, $"{one.Rows} x {one.Columns}", one.Constraint]));
    }

    private static void ReportPosterior(string path, Hdf5ArchiveReader archive, Terminal terminal)
    {
        var bins = archive.ReadLongs("trials/bins", -1).Values;
        if (bins.Length == 0 || Array.Exists(bins, length => length is < 1 or > int.MaxValue))
        {
            throw new InputException($"{archive.Path}: '/trials/bins' is empty or has impossible numbers; the file is damaged, infer again.");
        }

        var converged = archive.ReadInts("trials/converged", bins.Length).Values.Count(one => one != 0);
        var states = archive.ReadShape("states/mean", rank: 2)[1];
        var inputs = archive.ReadShape("inputs/mean", rank: 2)[1];
        var groups = archive.Children("channels").Select(name => (
            Name: name,
            Channels: archive.ReadShape($"channels/{name}/mean", rank: 2)[1],
            Unit: archive.ReadText($"channels/{name}/mean", "unit"),
            IsHidden: archive.ReadWhole($"channels/{name}/mean", "hidden") != 0)).ToList();
        var samples = archive.ContainsTable("samples/log_weight") ? archive.ReadShape("samples/log_weight", rank: 2)[0] : 0;
        terminal.WriteJson(() => new JsonObject
        {
            ["file"] = path,
            ["kind"] = "posterior",
            ["bin_width"] = archive.ReadNumber("/", "bin_width"),
            ["trials"] = bins.Length,
            ["bins"] = bins.Sum(),
            ["longest_trial"] = bins.Max(),
            ["converged"] = converged,
            ["states"] = states,
            ["inputs"] = inputs,
            ["samples"] = samples,
            ["groups"] = new JsonArray([.. groups.Select(group => (JsonNode)new JsonObject
            {
                ["name"] = group.Name, ["channels"] = group.Channels, ["unit"] = group.Unit, ["hidden"] = group.IsHidden,
            })]),
        });
        terminal.WriteLine($"{path}: posterior of {bins.Length} trials, {bins.Sum()} bins, {converged} converged");
        terminal.WriteLine($"  {states} states, {inputs} inputs{(samples > 0 ? $", {samples} joint samples" : "")}");
        terminal.WriteTable(
            ["group", "channels", "unit", "hidden"],
            groups.Select(group => (IReadOnlyList<string>)[group.Name, $"{group.Channels}", group.Unit, group.IsHidden ? "yes" : "no"]));
    }

    /// <summary>What the numbers of a channel group are like: of counts the channels' rates in Hz, of values the entries themselves.</summary>
    private sealed record Summary(ChannelGroup Group, double Mean, double Least, double Largest, double Missing)
    {
        public static Summary Of(Recording recording, int index)
        {
            var group = recording.Groups[index];
            var sums = new double[group.Channels];
            var counts = new long[group.Channels];
            var (least, largest) = (double.PositiveInfinity, double.NegativeInfinity);
            long missing = 0;
            var row = new double[group.Channels];
            foreach (var observations in recording.Trials.Select(trial => trial.Observations[index]))
            {
                for (var bin = 0; bin < observations.Bins; bin++)
                {
                    observations.CopyRow<double>(bin, row);
                    for (var channel = 0; channel < row.Length; channel++)
                    {
                        if (!observations.IsObserved(bin, channel))
                        {
                            missing++;
                            continue;
                        }

                        sums[channel] += row[channel];
                        counts[channel]++;
                        least = Math.Min(least, row[channel]);
                        largest = Math.Max(largest, row[channel]);
                    }
                }
            }

            var total = counts.Sum();
            var share = (double)missing / Math.Max(1, missing + total);
            if (group.Kind == ChannelKind.Values)
            {
                return new Summary(group, sums.Sum() / total, least, largest, share);
            }

            var rates = sums.Zip(counts, (sum, count) => sum / count / recording.BinWidth).Where(double.IsFinite).DefaultIfEmpty(double.NaN).ToList();
            return new Summary(group, sums.Sum() / total / recording.BinWidth, rates.Min(), rates.Max(), share);
        }

        private string Unit => Group.Kind == ChannelKind.Counts ? "Hz" : Group.Unit;

        public IReadOnlyList<string> ToRow() =>
        [
            Group.Name, Group.Kind == ChannelKind.Counts ? "counts" : "values", $"{Group.Channels}", Unit,
            Wording.Number(Mean, "0.###"), Wording.Number(Least, "0.###"), Wording.Number(Largest, "0.###"), Wording.Number(100 * Missing, "0.#") + " %",
        ];

        public JsonObject ToJson() => new JsonObject
        {
            ["name"] = Group.Name,
            ["kind"] = Group.Kind == ChannelKind.Counts ? "counts" : "values",
            ["channels"] = Group.Channels,
            ["unit"] = Unit,
            ["mean"] = Json.Number(Mean),
            ["least"] = Json.Number(Least),
            ["largest"] = Json.Number(Largest),
            ["missing"] = Json.Number(Missing),
        };
    }
}

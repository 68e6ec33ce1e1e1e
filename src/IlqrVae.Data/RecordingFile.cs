using System.Globalization;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using IlqrVae.Data.Export;
using IlqrVae.Recordings;

namespace IlqrVae.Data;

/// <summary>
/// The dataset file: a recording as HDF5, its trials concatenated along time. The layout is described in docs/dataset-format.md.
/// </summary>
public static class RecordingFile
{
    internal const string Format = "ilqr-vae dataset";

    private const long Version = 1;

    /// <summary>Writes a recording, all of it or nothing.</summary>
    /// <param name="path">Destination; an existing file is replaced once the new one is complete.</param>
    /// <param name="recording">The recording; missing entries are written as zero beside a mask.</param>
    /// <exception cref="InputException">The recording is not valid or cannot be stored in this layout, or the destination cannot be written.</exception>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public static void Write(string path, Recording recording)
    {
        ArgumentNullException.ThrowIfNull(recording);
        foreach (var name in recording.Trials.SelectMany(trial => (string[])[trial.Name, trial.Session]).Concat(recording.Groups.Select(group => group.Name)))
        {
            RequirePrintable(path, name);
        }

        recording.Validate(path);
        var total = recording.Trials.Sum(trial => (long)trial.Bins);
        if (total > int.MaxValue)
        {
            throw new InputException($"{path}: the trials have {total} bins together, more than a dataset file holds ({int.MaxValue}); split the recording.");
        }

        var archive = new Hdf5Archive();
        archive.SetAttribute("/", "format", Format);
        archive.SetAttribute("/", "version", Version);
        archive.SetAttribute("/", "bin_width", recording.BinWidth);
        archive.SetAttribute("/", "source", recording.Source);
        AddTrials(archive, path, recording.Trials);
        for (var g = 0; g < recording.Groups.Count; g++)
        {
            AddGroup(archive, path, recording, g);
        }

        if (recording.ExternalNames.Count > 0)
        {
            archive.Add("external/values", Rows<double>(recording, recording.ExternalNames.Count, (trial, bin, count, rows) => Slice(trial.External!, bin, count).CopyTo(rows)));
            archive.Add("external/names", [.. recording.ExternalNames]);
        }

        AddTruth(archive, path, recording);
        archive.Save(path, isSealed: true);
    }

    /// <summary>Reads a recording and checks it.</summary>
    /// <param name="path">The file, or a dataset that was exported as .npz or .mat.</param>
    /// <exception cref="InputException">There is no such file, it is not a dataset file, it is damaged, or what it holds is not a valid recording.</exception>
    public static Recording Read(string path)
    {
        if (Path.GetExtension(path).ToLowerInvariant() is ".npz" or ".mat" && ExportedFile.Is(path))
        {
            return ReadExported(path);
        }

        using var archive = Hdf5Archive.Open(path);
        return Read(archive);
    }

    /// <summary>Reads a dataset that was exported as .npz or .mat. What is wrong in it is told as of the dataset file that it was.</summary>
    internal static Recording ReadExported(string path)
    {
        using var file = ExportedFile.Open(path)!;
        if (!file.IsDataset)
        {
            throw new InputException($"{path}: this is an exported posterior, of which no dataset is made; give an exported dataset.");
        }

        using var archive = Hdf5Archive.Open(file.Hdf5);
        return Read(archive);
    }

    internal static bool IsDataset(Hdf5ArchiveReader archive) =>
        archive.HasAttribute("/", "format") && string.Equals(archive.ReadText("/", "format"), Format, StringComparison.Ordinal);

    internal static Recording Read(Hdf5ArchiveReader archive)
    {
        var path = archive.Path;
        RequireFormat(archive);
        archive.VerifySeal();
        var binWidth = archive.ReadNumber("/", "bin_width");
        if (!(binWidth > 0) || !double.IsFinite(binWidth))
        {
            throw new InputException($"{path}: attribute 'bin_width' of '/' is {binWidth}; give the width of a bin in seconds, a positive number.");
        }

        var parts = ReadParts(archive);
        var groups = ReadGroups(archive);
        var total = (int)archive.ShapeOf($"channels/{groups[0].Name}/values")[0];
        CheckParts(path, parts, total);

        var observations = new Observations[parts.Count][];
        for (var t = 0; t < parts.Count; t++)
        {
            observations[t] = new Observations[groups.Count];
        }

        for (var g = 0; g < groups.Count; g++)
        {
            ReadObservations(archive, groups[g], parts, total, g, observations);
        }

        var (externalNames, external) = ReadExternal(archive, parts, total);
        var truth = ReadTruth(archive, parts, total);
        var labels = ReadLabels(archive, parts.Count);
        var recording = new Recording
        {
            BinWidth = binWidth,
            Groups = groups,
            ExternalNames = externalNames,
            Source = archive.HasAttribute("/", "source") ? archive.ReadText("/", "source") : "",
            Trials =
            [
                .. parts.Select((part, t) => new Trial
                {
                    Name = part.Name,
                    Bins = part.Bins,
                    Split = part.Split,
                    Session = part.Session,
                    Observations = observations[t],
                    External = external?[t],
                    Truth = truth[t],
                    Labels = labels[t],
                }),
            ],
        };
        recording.Validate(path);
        return recording;
    }

    private static void AddTrials(Hdf5Archive archive, string path, IReadOnlyList<Trial> trials)
    {
        var first = new long[trials.Count];
        for (var t = 1; t < trials.Count; t++)
        {
            first[t] = first[t - 1] + trials[t - 1].Bins;
        }

        archive.Add("trials/first_bin", first);
        archive.Add("trials/bins", trials.Select(trial => (long)trial.Bins).ToArray());
        archive.Add("trials/name", trials.Select(trial => trial.Name).ToArray());
        archive.Add("trials/split", trials.Select(trial => SplitWord(trial.Split)).ToArray());
        if (trials.Any(trial => trial.Session.Length > 0))
        {
            archive.Add("trials/session", trials.Select(trial => trial.Session).ToArray());
        }

        foreach (var name in trials.SelectMany(trial => trial.Labels.Keys).Distinct(StringComparer.Ordinal))
        {
            RequireName(path, "label", name);
            var labels = trials.Select(trial => trial.Labels.TryGetValue(name, out var label) ? label : (TrialLabel?)null).ToList();
            if (labels.Exists(label => label is { Text: not null }))
            {
                archive.Add($"trials/labels/{name}", labels.Select(label => label is not { } there ? "" : there.Text ?? there.Number.ToString("R", CultureInfo.InvariantCulture)).ToArray());
            }
            else
            {
                archive.Add($"trials/labels/{name}", labels.Select(label => label?.Number ?? double.NaN).ToArray());
            }
        }
    }

    private static void AddGroup(Hdf5Archive archive, string path, Recording recording, int index)
    {
        var group = recording.Groups[index];
        RequireName(path, "channel group", group.Name);
        var table = $"channels/{group.Name}/values";
        archive.Add(table, group.Kind == ChannelKind.Counts ? Counts(path, table, recording, index) : Observed<double>(recording, index));
        archive.SetAttribute(table, "kind", group.Kind == ChannelKind.Counts ? "counts" : "values");
        archive.SetAttribute(table, "unit", group.Unit);
        archive.SetAttribute(table, "order", index);
        if (recording.Trials.Any(trial => !trial.Observations[index].AllObserved))
        {
            archive.Add($"channels/{group.Name}/observed", Rows<byte>(recording, group.Channels, (trial, bin, count, rows) =>
                trial.Observations[index].CopyObserved(bin, count, MemoryMarshal.Cast<byte, bool>(rows))));
        }

        if (group.ChannelNames is { } names)
        {
            if (names.Count != group.Channels)
            {
                throw new InputException($"{path}: group '{group.Name}' has {names.Count} channel names for {group.Channels} channels; give one a channel.");
            }

            archive.Add($"channels/{group.Name}/names", [.. names]);
        }
    }

    private static TableRows Counts(string path, string table, Recording recording, int index)
    {
        var row = new double[recording.Groups[index].Channels];
        var largest = 0.0;
        foreach (var observations in recording.Trials.Select(trial => trial.Observations[index]))
        {
            for (var bin = 0; bin < observations.Bins; bin++)
            {
                observations.CopyRow<double>(bin, row);
                largest = Math.Max(largest, TensorPrimitives.Max<double>(row));
            }
        }

        return largest switch
        {
            <= byte.MaxValue => Observed<byte>(recording, index),
            <= ushort.MaxValue => Observed<ushort>(recording, index),
            <= int.MaxValue => Observed<int>(recording, index),
            _ => throw new InputException($"{path}: '/{table}' has a count of {largest}, more than a dataset file holds ({int.MaxValue}); write the group as values."),
        };
    }

    private static TableRows<T> Observed<T>(Recording recording, int index)
        where T : unmanaged, INumber<T>
        => Rows<T>(recording, recording.Groups[index].Channels, (trial, bin, count, rows) => trial.Observations[index].CopyRows(bin, count, rows));

    private static void AddTruth(Hdf5Archive archive, string path, Recording recording)
    {
        foreach (var name in recording.Trials.SelectMany(trial => trial.Truth.Keys).Distinct(StringComparer.Ordinal))
        {
            RequireName(path, "truth table", name);
            var columns = recording.Trials.First(trial => trial.Truth.ContainsKey(name)).Truth[name].Columns;
            archive.Add($"truth/{name}", Rows<double>(recording, columns, (trial, bin, count, rows) =>
            {
                if (trial.Truth.TryGetValue(name, out var table))
                {
                    Slice(table, bin, count).CopyTo(rows);
                }
                else
                {
                    rows.Fill(double.NaN);
                }
            }));
        }
    }

    private static ReadOnlySpan<double> Slice(Table table, int bin, int count) => table.Values.AsSpan(bin * table.Columns, count * table.Columns);

    /// <summary>The trials' rows end to end.</summary>
    private static TableRows<T> Rows<T>(Recording recording, int columns, TrialRows<T> copy)
        where T : unmanaged
    {
        var trials = recording.Trials;
        var (next, start) = (0, 0);
        return new TableRows<T>(trials.Sum(trial => trial.Bins), columns, (first, rows) =>
        {
            // Rows are asked for in order, from the first.
            (next, start) = first == 0 ? (0, 0) : (next, start);
            for (var at = 0; at < rows.Length;)
            {
                var bin = first + (at / columns) - start;
                var count = Math.Min(trials[next].Bins - bin, (rows.Length - at) / columns);
                copy(trials[next], bin, count, rows.Slice(at, count * columns));
                at += count * columns;
                (next, start) = bin + count == trials[next].Bins ? (next + 1, start + trials[next].Bins) : (next, start);
            }
        });
    }

    private static void RequireName(string path, string what, string name)
    {
        if (name.Length == 0 || name is "." or ".." || name.AsSpan().ContainsAny('/', '\0'))
        {
            throw new InputException(
                $"{path}: the {what} '{Messages.OneLine(name)}' cannot be stored under that name; use a name that is not empty and has no slash.");
        }
    }

    /// <summary>Names appear in messages of one line and in tables, where a line break would mislead.</summary>
    private static void RequirePrintable(string path, string name)
    {
        if (name.Any(char.IsControl))
        {
            throw new InputException($"{path}: the name '{Messages.OneLine(name)}' of a trial, session or channel group holds a line break or other control character; rename it.");
        }
    }

    private static void RequireFormat(Hdf5ArchiveReader archive)
    {
        if (!IsDataset(archive))
        {
            throw new InputException(
                $"{archive.Path}: attribute 'format' of '/' is missing or not '{Format}'; give a dataset file, or make one with 'ilqr-vae import'.");
        }

        var version = archive.ReadWhole("/", "version");
        if (version != Version)
        {
            throw new InputException(
                $"{archive.Path}: attribute 'version' of '/' is {version} where this program reads {Version}; use a program of the file's version.");
        }
    }

    private static List<Part> ReadParts(Hdf5ArchiveReader archive)
    {
        var first = archive.ReadLongs("trials/first_bin", -1).Values;
        var bins = archive.ReadLongs("trials/bins", first.Length).Values;
        var names = archive.ReadStrings("trials/name", first.Length).Values;
        var splits = archive.ReadStrings("trials/split", first.Length).Values;
        var sessions = archive.Contains("trials/session") ? archive.ReadStrings("trials/session", first.Length).Values : [.. names.Select(_ => "")];
        if (first.Length == 0)
        {
            throw new InputException($"{archive.Path}: '/trials/first_bin' is empty; a recording needs at least one trial.");
        }

        var parts = new List<Part>(first.Length);
        for (var t = 0; t < first.Length; t++)
        {
            if (first[t] < 0 || bins[t] < 1 || first[t] > int.MaxValue || bins[t] > int.MaxValue)
            {
                throw new InputException(
                    $"{archive.Path}: trial {t} of '/trials/first_bin' and '/trials/bins' starts at bin {first[t]} and has {bins[t]} bins; start at 0 or later and have at least one bin.");
            }

            var split = splits[t] switch
            {
                "train" => TrialSplit.Train,
                "validation" => TrialSplit.Validation,
                "test" => TrialSplit.Test,
                var other => throw new InputException(
                    $"{archive.Path}: entry {t} of '/trials/split' is '{Messages.OneLine(other)}'; use train, validation or test."),
            };
            RequirePrintable(archive.Path, names[t]);
            RequirePrintable(archive.Path, sessions[t]);
            parts.Add(new Part(names[t], (int)first[t], (int)bins[t], split, sessions[t]));
        }

        return parts;
    }

    private static void CheckParts(string path, List<Part> parts, int total)
    {
        foreach (var part in parts)
        {
            if ((long)part.First + part.Bins > total)
            {
                throw new InputException(
                    $"{path}: trial '{Messages.OneLine(part.Name)}' of '/trials/first_bin' and '/trials/bins' ends at bin {(long)part.First + part.Bins} where the channels have {total} bins; correct the bins of the trials.");
            }
        }

        var inOrder = parts.OrderBy(part => part.First).ToList();
        for (var t = 1; t < inOrder.Count; t++)
        {
            var (one, other) = (inOrder[t - 1], inOrder[t]);
            if (one.First + one.Bins > other.First)
            {
                throw new InputException(
                    $"{path}: trials '{Messages.OneLine(one.Name)}' and '{Messages.OneLine(other.Name)}' of '/trials/first_bin' and '/trials/bins' share bins {other.First} to {Math.Min(one.First + one.Bins, other.First + other.Bins) - 1}; trials must not overlap, or what is tested would have been learned.");
            }
        }
    }

    private static List<ChannelGroup> ReadGroups(Hdf5ArchiveReader archive)
    {
        if (!archive.Contains("channels"))
        {
            throw new InputException($"{archive.Path}: there is no group '/channels'; add one group of channels, such as '/channels/spikes/values'.");
        }

        var groups = new List<(long Order, ChannelGroup Group)>();
        var (first, bins) = ("", 0);
        foreach (var name in archive.Children("channels"))
        {
            RequirePrintable(archive.Path, name);
            var table = $"channels/{name}/values";
            var shape = archive.ReadShape(table, rank: 2);
            (first, bins) = first.Length == 0 ? (table, shape[0]) : (first, bins);
            if (shape[0] != bins)
            {
                throw new InputException(
                    $"{archive.Path}: '/{table}' has {shape[0]} bins where '/{first}' has {bins}; give every group of channels as many bins.");
            }

            var kind = archive.ReadText(table, "kind") switch
            {
                "counts" => ChannelKind.Counts,
                "values" => ChannelKind.Values,
                var other => throw new InputException(
                    $"{archive.Path}: attribute 'kind' of '/{table}' is '{Messages.OneLine(other)}'; use counts or values."),
            };
            var unit = archive.HasAttribute(table, "unit") ? archive.ReadText(table, "unit") : "";
            var order = archive.HasAttribute(table, "order") ? archive.ReadWhole(table, "order") : long.MaxValue;
            var names = archive.Contains($"channels/{name}/names") ? archive.ReadStrings($"channels/{name}/names", shape[1]).Values : null;
            groups.Add((order, new ChannelGroup(name, kind, shape[1], unit, names)));
        }

        return groups.Count > 0
            ? [.. groups.OrderBy(entry => entry.Order).Select(entry => entry.Group)]
            : throw new InputException($"{archive.Path}: '/channels' is empty; add one group of channels, such as '/channels/spikes/values'.");
    }

    private static void ReadObservations(
        Hdf5ArchiveReader archive, ChannelGroup group, List<Part> parts, int total, int index, Observations[][] observations)
    {
        var stored = archive.ReadRows($"channels/{group.Name}/values", total, group.Channels);
        var maskPath = $"channels/{group.Name}/observed";
        var mask = archive.Contains(maskPath) ? archive.ReadRows(maskPath, total, group.Channels) : null;
        var buffer = new double[parts.Max(part => part.Bins) * group.Channels];
        for (var t = 0; t < parts.Count; t++)
        {
            var part = parts[t];
            var values = buffer.AsSpan(0, part.Bins * group.Channels);
            bool[]? observed = null;
            if (mask is not null)
            {
                mask.Copy(part.First, part.Bins, values);
                observed = ToMask(archive.Path, maskPath, part, group.Channels, values);
            }

            stored.Copy(part.First, part.Bins, values);
            RequireCounts(archive.Path, group, part, values, observed);
            observations[t][index] = observed?.AsSpan().Contains(true) == false ? Observations.Missing(part.Bins, group.Channels, group.Kind)
                : group.Kind == ChannelKind.Counts
                    ? Observations.FromCounts<double>(part.Bins, group.Channels, values, observed)
                    : Observations.FromValues(new Table(part.Bins, group.Channels, values.ToArray()), observed);
        }
    }

    private static bool[] ToMask(string path, string table, Part part, int channels, ReadOnlySpan<double> stored)
    {
        var mask = new bool[stored.Length];
        for (var i = 0; i < mask.Length; i++)
        {
            mask[i] = stored[i] switch
            {
                0 => false,
                1 => true,
                var other => throw new InputException(
                    $"{path}: '/{table}' has the value {other} at bin {part.First + (i / channels)}, channel {i % channels}; write 1 where observed and 0 where missing."),
            };
        }

        return mask;
    }

    /// <summary>The same condition as in <see cref="Recording.Validate"/>, reported with the path of the table and the bin in it.</summary>
    private static void RequireCounts(string path, ChannelGroup group, Part part, ReadOnlySpan<double> values, bool[]? observed)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var value = values[i];
            var isFault = !double.IsFinite(value) || (group.Kind == ChannelKind.Counts && (value < 0 || value > int.MaxValue || value != Math.Floor(value)));
            if (isFault && (observed is null || observed[i]))
            {
                var mend = double.IsFinite(value)
                    ? $"counts must be whole, not negative and at most {int.MaxValue}; set the attribute 'kind' to values if these are not counts"
                    : $"mark missing entries with 0 in '/channels/{group.Name}/observed'";
                throw new InputException(
                    $"{path}: '/channels/{group.Name}/values' has the value {value} at bin {part.First + (i / group.Channels)}, channel {i % group.Channels} (trial '{Messages.OneLine(part.Name)}'); {mend}.");
            }
        }
    }

    private static (IReadOnlyList<string> Names, Table[]? Tables) ReadExternal(Hdf5ArchiveReader archive, List<Part> parts, int total)
    {
        if (!archive.Contains("external"))
        {
            return ([], null);
        }

        var columns = archive.ReadShape("external/values", rank: 2)[1];
        var names = archive.Contains("external/names")
            ? archive.ReadStrings("external/names", columns).Values
            : [.. Enumerable.Range(0, columns).Select(column => $"external-{column}")];
        return columns == 0 ? ([], null) : (names, Cut(archive.ReadRows("external/values", total, columns), parts));
    }

    private static Dictionary<string, Table>[] ReadTruth(Hdf5ArchiveReader archive, List<Part> parts, int total)
    {
        var truth = parts.Select(_ => new Dictionary<string, Table>(StringComparer.Ordinal)).ToArray();
        if (!archive.Contains("truth"))
        {
            return truth;
        }

        foreach (var name in archive.Children("truth"))
        {
            var tables = Cut(archive.ReadRows($"truth/{name}", total, -1), parts);
            for (var t = 0; t < tables.Length; t++)
            {
                if (tables[t].Values.Length == 0 || tables[t].Values.AsSpan().ContainsAnyExcept(double.NaN))
                {
                    truth[t][name] = tables[t];
                }
            }
        }

        return truth;
    }

    private static Dictionary<string, TrialLabel>[] ReadLabels(Hdf5ArchiveReader archive, int trials)
    {
        var labels = Enumerable.Range(0, trials).Select(_ => new Dictionary<string, TrialLabel>(StringComparer.Ordinal)).ToArray();
        foreach (var name in archive.Contains("trials/labels") ? archive.Children("trials/labels") : [])
        {
            var path = $"trials/labels/{name}";
            TrialLabel[] column = archive.TypeOf(path) == StoredType.Text
                ? Array.ConvertAll(archive.ReadStrings(path, trials).Values, TrialLabel.Of)
                : Array.ConvertAll(archive.ReadDoubles(path, trials).Values, number => new TrialLabel(number));
            for (var t = 0; t < trials; t++)
            {
                labels[t][name] = column[t];
            }
        }

        return labels;
    }

    private static Table[] Cut(StoredRows stored, List<Part> parts)
    {
        var tables = new Table[parts.Count];
        for (var t = 0; t < tables.Length; t++)
        {
            tables[t] = new Table(parts[t].Bins, stored.Columns);
            stored.Copy<double>(parts[t].First, parts[t].Bins, tables[t].Values);
        }

        return tables;
    }

    private static string SplitWord(TrialSplit split) => split switch
    {
        TrialSplit.Train => "train",
        TrialSplit.Validation => "validation",
        TrialSplit.Test => "test",
        _ => throw new ArgumentOutOfRangeException(nameof(split), split, message: null),
    };

    /// <summary>Copies consecutive bins of a trial, row-major.</summary>
    private delegate void TrialRows<T>(Trial trial, int bin, int count, Span<T> rows);

    private readonly record struct Part(string Name, int First, int Bins, TrialSplit Split, string Session);
}

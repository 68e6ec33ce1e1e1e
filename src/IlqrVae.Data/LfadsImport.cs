using System.Globalization;
using IlqrVae.Recordings;

namespace IlqrVae.Data;

/// <summary>How to read a file in the layout of the LFADS tutorials.</summary>
public sealed record LfadsImportOptions
{
    /// <summary>Width of a bin in seconds; null to take it from the file's dt, or from the ratio of counts to true rates in Hz.</summary>
    public double? BinWidth { get; init; }
}

/// <summary>
/// Makes a recording of an HDF5 file in the layout of the LFADS tutorials: train_data and valid_data (trials x bins x channels), and where they are there
/// train_truth, train_lowd (or train_latents) and train_ext_input with their valid_ counterparts.
/// </summary>
/// <remarks>
/// True rates become truth "rates" in Hz, latents truth "states". The counts divided by the rates give the bin width when it is not known: summed over the
/// file, rounded to a whole millisecond if one lies within the sampling error. Files that hold rates per bin (that ratio is 1) need the bin width given.
/// </remarks>
public static class LfadsImport
{
    private const string Train = "train";
    private const string Valid = "valid";

    private static readonly string[] StateNames = ["lowd", "latents", "states"];

    /// <summary>Reads a file and makes a recording of it: group "spikes" if the data are counts, else group "data" of values.</summary>
    /// <param name="path">An HDF5 file.</param>
    /// <param name="options">How to read it.</param>
    /// <exception cref="InputException">train_data is missing, a table has the wrong shape, the bin width is not known, or the file is damaged.</exception>
    public static Recording Import(string path, LfadsImportOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var archive = Hdf5Archive.Open(path);
        return Import(archive, options);
    }

    internal static bool IsLfads(Hdf5ArchiveReader archive) => archive.ContainsTable("train_data") || archive.ContainsTable("valid_data");

    internal static Recording Import(Hdf5ArchiveReader archive, LfadsImportOptions options)
    {
        if (options.BinWidth is { } width && (!(width > 0) || !double.IsFinite(width)))
        {
            throw new InputException($"The bin width is {width} s; give a positive bin width in seconds.");
        }

        var parts = new List<Part> { ReadPart(archive, Train, TrialSplit.Train, channels: -1) };
        if (archive.ContainsTable($"{Valid}_data"))
        {
            parts.Add(ReadPart(archive, Valid, TrialSplit.Validation, parts[0].Data.Shape[2]));
        }

        var (binWidth, rateScale) = BinWidth(archive, parts, options.BinWidth);
        var kind = parts.TrueForAll(part => Array.TrueForAll(part.Data.Values, IsCountOrMissing)) ? ChannelKind.Counts : ChannelKind.Values;
        var channels = parts[0].Data.Shape[2];
        var inputs = parts[0].Inputs?.Shape[2] ?? 0;
        if (parts.Exists(part => (part.Inputs?.Shape[2] ?? 0) != inputs))
        {
            throw new InputException($"{archive.Path}: '/train_ext_input' and '/valid_ext_input' do not agree; give both with as many columns, or neither.");
        }

        var recording = new Recording
        {
            BinWidth = binWidth,
            Groups = [new ChannelGroup(kind == ChannelKind.Counts ? "spikes" : "data", kind, channels)],
            ExternalNames = [.. Enumerable.Range(0, inputs).Select(input => $"input-{input}")],
            Source = Path.GetFileName(archive.Path),
            Trials = [.. parts.SelectMany(part => part.Trials(kind, rateScale))],
        };
        recording.Validate(archive.Path);
        return recording;
    }

    private static bool IsCountOrMissing(double value) =>
        double.IsNaN(value) || (value is >= 0 and <= int.MaxValue && value == Math.Floor(value));

    private static Part ReadPart(Hdf5ArchiveReader archive, string stem, TrialSplit split, int channels)
    {
        var data = archive.ReadDoubles($"{stem}_data", -1, -1, channels);
        var (trials, bins, columns) = (data.Shape[0], data.Shape[1], data.Shape[2]);
        if (data.Values.Length == 0)
        {
            throw new InputException($"{archive.Path}: '/{stem}_data' of shape {Messages.Shape(data.Shape)} is empty; give trials x bins x channels.");
        }

        var states = Array.Find(StateNames, name => archive.ContainsTable($"{stem}_{name}"));
        return new Part(
            stem,
            split,
            data,
            archive.ContainsTable($"{stem}_truth") ? archive.ReadDoubles($"{stem}_truth", trials, bins, columns) : null,
            states is null ? null : archive.ReadDoubles($"{stem}_{states}", trials, bins, -1),
            archive.ContainsTable($"{stem}_ext_input") ? archive.ReadDoubles($"{stem}_ext_input", trials, bins, -1) : null);
    }

    /// <summary>The bin width in seconds, and what the rates of the file are multiplied by to be in Hz.</summary>
    private static (double BinWidth, double RateScale) BinWidth(Hdf5ArchiveReader archive, List<Part> parts, double? given)
    {
        var (counts, rates) = (0.0, 0.0);
        foreach (var part in parts.Where(part => part.Rates is not null))
        {
            for (var i = 0; i < part.Data.Values.Length; i++)
            {
                // NaN marks a missing bin, which counts on neither side.
                counts += double.IsNaN(part.Data.Values[i]) ? 0 : part.Data.Values[i];
                rates += double.IsNaN(part.Data.Values[i]) ? 0 : part.Rates!.Values[i];
            }
        }

        var ratio = counts / rates;
        var isKnown = counts > 0 && rates > 0 && double.IsFinite(ratio);
        var error = isKnown ? 3 / Math.Sqrt(counts) : 0;
        if ((given ?? StoredWidth(archive)) is { } width)
        {
            if (!isKnown)
            {
                return (width, 1);
            }

            // Rates are in Hz or per bin, whichever the counts say.
            var isPerBin = Math.Abs(Math.Log(ratio)) < Math.Abs(Math.Log(ratio / width));
            var tolerance = Math.Max(0.2, error);
            return Math.Abs((isPerBin ? ratio : ratio / width) - 1) <= tolerance
                ? (width, isPerBin ? 1 / width : 1)
                : throw new InputException(
                    $"{archive.Path}: the counts of '/train_data' are {ratio:G4} times the rates of '/train_truth', which fits neither Hz at a bin width of {width} s nor rates per bin; correct the bin width.");
        }

        if (!isKnown)
        {
            throw new InputException($"{archive.Path}: the bin width is not in the file and there is no '/train_truth' to tell it; give the bin width in seconds.");
        }

        if (Math.Abs(ratio - 1) <= Math.Max(0.05, error))
        {
            throw new InputException($"{archive.Path}: the rates of '/train_truth' are per bin and do not tell the bin width; give the bin width in seconds.");
        }

        var whole = Math.Round(ratio * 1000) / 1000;
        var isWhole = whole > 0 && Math.Abs((ratio / whole) - 1) <= Math.Max(0.01, error);
        return (isWhole ? whole : double.Parse(ratio.ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), 1);
    }

    private static double? StoredWidth(Hdf5ArchiveReader archive)
    {
        if (!archive.ContainsTable("dt"))
        {
            return null;
        }

        var values = archive.ReadDoubles("dt").Values;
        return values.Length == 1 && values[0] > 0 && double.IsFinite(values[0])
            ? values[0]
            : throw new InputException($"{archive.Path}: '/dt' is not one positive number; give the bin width in seconds.");
    }

    private sealed record Part(
        string Stem,
        TrialSplit Split,
        Hdf5Array<double> Data,
        Hdf5Array<double>? Rates,
        Hdf5Array<double>? States,
        Hdf5Array<double>? Inputs)
    {
        public IEnumerable<Trial> Trials(ChannelKind kind, double rateScale)
        {
            for (var trial = 0; trial < Data.Shape[0]; trial++)
            {
                var truth = new Dictionary<string, Table>(StringComparer.Ordinal);
                if (Rates is not null)
                {
                    var rates = Cut(Rates, trial);
                    for (var i = 0; i < rates.Values.Length; i++)
                    {
                        rates.Values[i] *= rateScale;
                    }

                    truth["rates"] = rates;
                }

                if (States is not null)
                {
                    truth["states"] = Cut(States, trial);
                }

                yield return new Trial
                {
                    Name = string.Create(CultureInfo.InvariantCulture, $"{Stem}-{trial:D3}"),
                    Bins = Data.Shape[1],
                    Split = Split,
                    Observations = [Observe(kind, Cut(Data, trial))],
                    External = Inputs is { Shape: [_, _, > 0] } ? Cut(Inputs, trial) : null,
                    Truth = truth,
                };
            }
        }

        /// <summary>Takes NaN for missing.</summary>
        private static Observations Observe(ChannelKind kind, Table table) => Observations.Of(
            kind, table, Array.Exists(table.Values, double.IsNaN) ? Array.ConvertAll(table.Values, value => !double.IsNaN(value)) : null);

        private static Table Cut(Hdf5Array<double> source, int trial)
        {
            var (bins, columns) = (source.Shape[1], source.Shape[2]);
            return new Table(bins, columns, source.Values.AsSpan(trial * bins * columns, bins * columns).ToArray());
        }
    }
}

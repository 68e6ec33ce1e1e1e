using System.Globalization;
using IlqrVae.Data.Import.Arrays;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import;

/// <summary>
/// HDF5 files in the layout of the LFADS tutorials: train_data and valid_data (trials x bins x channels), and where they are there train_truth, train_lowd (or
/// train_latents) and train_ext_input with their valid_ counterparts. The data become group "spikes" if they are counts, else group "data" of values.
/// </summary>
/// <remarks>
/// True rates become truth "rates" in Hz, latents truth "states". What the rates are in is told by the counts: the file's conversion_factor times or into
/// counts a bin, counts a bin, or Hz; rates that are none of these are left out. Rates in Hz tell the bin width when it is not known: the counts divided by
/// them, summed over the file, rounded to a whole millisecond if one lies within the sampling error.
/// </remarks>
public sealed class LfadsImporter : IRecordingImporter
{
    private const string Train = "train";
    private const string Valid = "valid";

    private static readonly string[] StateNames = ["lowd", "latents", "states"];

    /// <inheritdoc/>
    public string Description => "an LFADS file (HDF5 with train_data)";

    /// <inheritdoc/>
    public IReadOnlyList<string> Options => ["--bin-width"];

    /// <inheritdoc/>
    public bool Recognises(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Archive is { } archive && !source.HasMatlabHeader && (archive.ContainsTable($"{Train}_data") || archive.ContainsTable($"{Valid}_data"));
    }

    /// <inheritdoc/>
    public ImportedRecording Import(ImportSource source, ImportOptions options)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        var archive = source.Archive!;
        var parts = new List<Part> { ReadPart(archive, Train, TrialSplit.Train, channels: -1) };
        if (archive.ContainsTable($"{Valid}_data"))
        {
            parts.Add(ReadPart(archive, Valid, TrialSplit.Validation, parts[0].Data.Shape[2]));
        }

        var remarks = new List<string>();
        var rates = new LfadsRates();
        foreach (var part in parts.Where(part => part.Rates is not null))
        {
            for (var i = 0; i < part.Data.Values.Length; i++)
            {
                rates.Add(part.Data.Values[i], part.Rates!.Values[i]);
            }
        }

        var (binWidth, rateScale) = rates.BinWidth(archive, options.BinWidth, remarks);
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
        return new ImportedRecording(recording, remarks);
    }

    /// <inheritdoc/>
    public FileContents? Inspect(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        List<string> remarks = [];
        var isTold = true;
        try
        {
            remarks.AddRange(Import(source, new ImportOptions()).Remarks);
        }
        catch (InputException exception)
        {
            isTold = !exception.Message.Contains("bin width", StringComparison.Ordinal);
            remarks.Add(exception.Message);
        }

        var contents = ArrayInspection.Of(Hdf5Arrays.Open(source.Archive!), isTold: false);
        return contents with
        {
            Format = "LFADS, trials x bins x channels",
            Remarks = [.. contents.Remarks, .. remarks],
            Proposal = ["import", source.Path, "-o", "data.h5", .. isTold ? [] : (IEnumerable<string>)["--bin-width", "0.01"]],
        };
    }

    internal static bool IsCountOrMissing(double value) =>
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

    private sealed record Part(
        string Stem,
        TrialSplit Split,
        Hdf5Array<double> Data,
        Hdf5Array<double>? Rates,
        Hdf5Array<double>? States,
        Hdf5Array<double>? Inputs)
    {
        public IEnumerable<Trial> Trials(ChannelKind kind, double? rateScale)
        {
            for (var trial = 0; trial < Data.Shape[0]; trial++)
            {
                var truth = new Dictionary<string, Table>(StringComparer.Ordinal);
                if (Rates is not null && rateScale is { } scale)
                {
                    var rates = Cut(Rates, trial);
                    for (var i = 0; i < rates.Values.Length; i++)
                    {
                        rates.Values[i] *= scale;
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

using IlqrVae.Data.Import.Arrays;

namespace IlqrVae.Data.Import;

/// <summary>
/// HDF5 files of arrays of trials that are shared out already, with units to be predicted and bins after the window: those of lfads-torch (train_encod_data, train_recon_data,
/// which may have more channels and bins, and the same of valid and test) and those of nlb_tools (train_spikes_heldin, train_spikes_heldout, train_spikes_heldin_forward, and the same
/// of eval).
/// </summary>
public sealed class TensorImporter : IRecordingImporter
{
    /// <inheritdoc/>
    public string Description => "a file of lfads-torch or nlb_tools (HDF5 with train_encod_data or train_spikes_heldin)";

    /// <inheritdoc/>
    public IReadOnlyList<string> Options => ["--bin-width", "--validation-every"];

    /// <inheritdoc/>
    public bool Recognises(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Archive is { } archive && !source.HasMatlabHeader && GroupOf(archive) is not null;
    }

    /// <inheritdoc/>
    public ImportedRecording Import(ImportSource source, ImportOptions options)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        var archive = source.Archive!;
        return new TensorReading(archive, GroupOf(archive)!, options).Import();
    }

    /// <inheritdoc/>
    public FileContents? Inspect(ImportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var archive = source.Archive!;
        var group = GroupOf(archive)!;
        var contents = ArrayInspection.Of(Hdf5Arrays.Open(archive), isTold: false);
        var reading = new TensorReading(archive, group, new ImportOptions());
        var isTold = true;
        try
        {
            reading.Import();
        }
        catch (InputException exception)
        {
            isTold = !exception.Message.Contains("bin width", StringComparison.Ordinal);
            reading.Remarks.Add(exception.Message);
        }

        return contents with
        {
            Format = archive.ContainsTable($"{group}/train{TensorPartReader.Encoded}") || archive.ContainsTable($"{group}/valid{TensorPartReader.Encoded}") || archive.ContainsTable($"{group}/test{TensorPartReader.Encoded}") ? "lfads-torch, trials x bins x channels" : "nlb_tools, trials x bins x channels",
            Remarks = [.. contents.Remarks, .. reading.Remarks],
            Proposal = ["import", source.Path, "-o", "data.h5", .. isTold ? [] : (IEnumerable<string>)["--bin-width", "0.005"]],
        };
    }

    /// <summary>The group with the arrays: the root, or the only group that has some; null where there is none.</summary>
    private static string? GroupOf(Hdf5ArchiveReader archive)
    {
        if (archive.HasAttribute("/", "format"))
        {
            return null;
        }

        if (Has(""))
        {
            return "";
        }

        var groups = archive.Children("/").Where(name => archive.IsGroup(name) && Has(name)).ToList();
        return groups.Count == 1 ? groups[0] : null;

        bool Has(string group) => TensorPartReader.Stems.Any(stem => new TensorPartReader(archive, group, []).Has(stem.Stem));
    }
}

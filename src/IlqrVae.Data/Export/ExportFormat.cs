using IlqrVae.Recordings;

namespace IlqrVae.Data.Export;

/// <summary>A format that datasets and posteriors are written in.</summary>
public enum ExportFormat
{
    /// <summary>HDF5 in the layout of docs/dataset-format.md and docs/posterior-format.md.</summary>
    Hdf5,

    /// <summary>A NumPy archive, .npz.</summary>
    Npz,

    /// <summary>A MATLAB file of level 5.</summary>
    Matlab,

    /// <summary>Neurodata Without Borders 2.</summary>
    Nwb,

    /// <summary>HDF5 in the layout of lfads-torch.</summary>
    Lfads,
}

/// <summary>Writes datasets and posteriors in other formats; docs/exports.md says how each looks.</summary>
public static class ExportFile
{
    private static readonly (ExportFormat Format, string Word, string[] Extensions)[] s_formats =
    [
        (ExportFormat.Hdf5, "hdf5", [".h5", ".hdf5"]), (ExportFormat.Npz, "npz", [".npz"]), (ExportFormat.Matlab, "matlab", [".mat"]), (ExportFormat.Nwb, "nwb", [".nwb"]), (ExportFormat.Lfads, "lfads", []),
    ];

    /// <summary>The words for the formats, as they are given on the command line.</summary>
    public static IReadOnlyList<string> Words { get; } = [.. s_formats.Select(one => one.Word)];

    /// <summary>The format of a file to be.</summary>
    /// <param name="path">The file; its extension tells the format where nothing else does.</param>
    /// <param name="word">The format that was asked for; null for none.</param>
    /// <param name="otherwise">The format where neither tells; null to refuse.</param>
    /// <exception cref="InputException">There is no such format.</exception>
    public static ExportFormat FormatOf(string path, string? word, ExportFormat? otherwise = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        foreach (var (format, name, extensions) in s_formats)
        {
            if (word is null ? extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase) : string.Equals(name, word, StringComparison.Ordinal))
            {
                return format;
            }
        }

        return word is null && otherwise is { } usual ? usual : throw new InputException(word is null
            ? $"{path}: the extension does not tell the format; end it in {string.Join(", ", s_formats.SelectMany(one => one.Extensions))}, or give --format {string.Join("|", Words)}."
            : $"--format: there is no format '{Messages.OneLine(word)}'; {Spelling.DidYouMean(word, Words)}The formats are {string.Join(", ", Words)}.");
    }

    /// <summary>Refuses what a format cannot hold before it is computed.</summary>
    /// <param name="path">Destination, for messages.</param>
    /// <param name="format">The format.</param>
    /// <param name="trials">The trials to be written.</param>
    /// <exception cref="InputException">The format cannot hold trials such as these.</exception>
    public static void RequireFits(string path, ExportFormat format, IEnumerable<Trial> trials)
    {
        foreach (var split in format == ExportFormat.Lfads ? trials.GroupBy(trial => trial.Split) : [])
        {
            LfadsWriter.RequireOneLength(path, split.Select(trial => (trial.Name, trial.Bins)));
        }
    }

    /// <summary>Writes, all of it or nothing.</summary>
    /// <param name="path">Destination; an existing file is replaced once the new one is complete.</param>
    /// <param name="format">The format.</param>
    /// <param name="tree">What to write.</param>
    /// <exception cref="InputException">The format cannot hold it, or the destination cannot be written.</exception>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public static void Write(string path, ExportFormat format, ArrayTree tree)
    {
        ArgumentNullException.ThrowIfNull(tree);
        if (tree.Kind == "model" && format is not (ExportFormat.Npz or ExportFormat.Matlab))
        {
            throw new InputException($"{path}: a model is exported as .npz or .mat; give one of these extensions.");
        }

        switch (format)
        {
            case ExportFormat.Hdf5:
                Hdf5Archive.Of(tree).Save(path);
                break;
            case ExportFormat.Npz:
                ExportedNpz.Write(path, tree);
                break;
            case ExportFormat.Matlab:
                MatlabWriter.Write(path, tree);
                break;
            case ExportFormat.Nwb:
                NwbWriter.Write(path, tree);
                break;
            default:
                LfadsWriter.Write(path, tree);
                break;
        }
    }
}

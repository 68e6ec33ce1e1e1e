using IlqrVae.Recordings;

namespace IlqrVae.Data;

/// <summary>
/// A submission or target file of the Neural Latents Benchmark open for reading: an HDF5 file with a group a data set and its tables in there (docs/nlb.md). Arrays of
/// trials are read a few trials at a time. Not safe for concurrent use.
/// </summary>
public sealed class NeuralLatentsFile : IDisposable
{
    private readonly Hdf5ArchiveReader _archive;

    private NeuralLatentsFile(Hdf5ArchiveReader archive) => _archive = archive;

    /// <summary>The file, as it was given.</summary>
    public string Path => _archive.Path;

    /// <summary>Names of its groups, sorted.</summary>
    public IReadOnlyList<string> Groups { get; private init; } = [];

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">There is no such file, it is no HDF5 file or damaged, or it has no groups.</exception>
    public static NeuralLatentsFile Open(string path)
    {
        var archive = Hdf5Archive.Open(path);
        try
        {
            var names = archive.Children("/");
            var groups = names.Where(name => !archive.ContainsTable(name)).ToList();
            return groups.Count > 0
                ? new NeuralLatentsFile(archive) { Groups = groups }
                : throw new InputException(
                    $"{path}: there is no group at the root, which has {Messages.Names(names)}; put the tables of a data set into a group named after it, such as 'mc_maze' (bins of 5 ms) or 'mc_maze_20'.");
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }

    /// <summary>Whether a group has a table.</summary>
    /// <param name="group">The group.</param>
    /// <param name="table">The table.</param>
    public bool Has(string group, string table) => _archive.ContainsTable($"{group}/{table}");

    /// <summary>An array of trials (or conditions) x bins x columns, good until this file is closed; null where there is none.</summary>
    /// <param name="group">The group.</param>
    /// <param name="table">The table.</param>
    /// <param name="takesRows">Whether it may have two axes, trials x columns, which stand for one bin a trial.</param>
    /// <exception cref="InputException">It has another number of axes, holds no numbers, or the file is damaged.</exception>
    public TrialArray? ArrayOrNull(string group, string table, bool takesRows = false)
    {
        var path = $"{group}/{table}";
        if (!Has(group, table))
        {
            return null;
        }

        var shape = _archive.ShapeOf(path);
        if (shape.Count != 3 && !(takesRows && shape.Count == 2))
        {
            throw new InputException(
                $"{Path}: '{Hdf5ArchiveReader.Rooted(path)}' has shape {Messages.Shape(shape)} where trials x bins x columns are needed; write it with three axes.");
        }

        var rows = _archive.ReadRows(path);
        return new TrialArray($"{Path}: '{Hdf5ArchiveReader.Rooted(path)}'", shape[0], shape.Count == 3 ? shape[1] : 1, shape[^1], (trial, destination) => rows.Copy(trial, 1, destination));
    }

    /// <summary>Lists of whole numbers, as of the trials of each condition; null where there are none.</summary>
    /// <param name="group">The group.</param>
    /// <param name="table">The table.</param>
    /// <exception cref="InputException">It is not of lists, or the file is damaged.</exception>
    public IReadOnlyList<IReadOnlyList<int>>? ListsOrNull(string group, string table) => Has(group, table) ? _archive.ReadLists($"{group}/{table}") : null;

    /// <summary>Whole numbers, one a trial; null where there are none.</summary>
    /// <param name="group">The group.</param>
    /// <param name="table">The table.</param>
    /// <exception cref="InputException">It is not of whole numbers, has another number of axes, or the file is damaged.</exception>
    public IReadOnlyList<int>? WholesOrNull(string group, string table) => Has(group, table) ? _archive.ReadInts($"{group}/{table}", -1).Values : null;

    /// <summary>Masks, trials x masks, one by one; empty where there are none.</summary>
    /// <param name="group">The group.</param>
    /// <param name="table">The table.</param>
    /// <exception cref="InputException">It is not of truths, has another number of axes, or the file is damaged.</exception>
    public IReadOnlyList<IReadOnlyList<bool>> Masks(string group, string table)
    {
        if (!Has(group, table))
        {
            return [];
        }

        var (shape, values) = _archive.ReadInts($"{group}/{table}", -1, -1);
        var fault = Array.FindIndex(values, value => value is not (0 or 1));
        return fault < 0
            ? [.. Enumerable.Range(0, shape[1]).Select(mask => Enumerable.Range(0, shape[0]).Select(trial => values[(trial * shape[1]) + mask] == 1).ToArray())]
            : throw new InputException($"{Path}: '{Hdf5ArchiveReader.Rooted($"{group}/{table}")}' has the value {values[fault]} at trial {fault / shape[1]}; a mask holds 0 and 1, or FALSE and TRUE.");
    }

    /// <inheritdoc/>
    public void Dispose() => _archive.Dispose();
}

namespace IlqrVae.Data;

/// <summary>One group of a submission or target file of the Neural Latents Benchmark on its way to the disk; read again by <see cref="NeuralLatentsFile"/> and by the benchmark's own tools.</summary>
public sealed class NeuralLatentsWriter
{
    private readonly Hdf5Archive _archive = new();
    private readonly string _group;

    /// <summary>An empty group.</summary>
    /// <param name="group">Its name.</param>
    public NeuralLatentsWriter(string group) => _group = group;

    /// <summary>Adds an array of trials (or conditions) x bins x columns, or of trials x columns, in single precision. Kept by reference.</summary>
    /// <param name="table">The table.</param>
    /// <param name="values">Row-major.</param>
    /// <param name="shape">Lengths of the axes.</param>
    public void Add(string table, float[] values, params int[] shape) => _archive.Add($"{_group}/{table}", values, shape);

    /// <summary>Adds lists of whole numbers, as of the trials of each condition.</summary>
    /// <param name="table">The table.</param>
    /// <param name="lists">The lists, of any lengths.</param>
    public void Add(string table, IReadOnlyList<IReadOnlyList<int>> lists) => _archive.Add($"{_group}/{table}", [.. lists.Select(list => list.ToArray())]);

    /// <summary>Adds whole numbers, one a trial.</summary>
    /// <param name="table">The table.</param>
    /// <param name="values">The numbers.</param>
    public void Add(string table, int[] values) => _archive.Add($"{_group}/{table}", values);

    /// <summary>Adds masks, trials x masks.</summary>
    /// <param name="table">The table.</param>
    /// <param name="masks">Mask by mask, as many trials in each.</param>
    public void AddMasks(string table, IReadOnlyList<IReadOnlyList<bool>> masks)
    {
        ArgumentNullException.ThrowIfNull(masks);
        var trials = masks[0].Count;
        _archive.Add($"{_group}/{table}", [.. Enumerable.Range(0, trials).SelectMany(trial => masks.Select(mask => mask[trial]))], trials, masks.Count);
    }

    /// <summary>Writes the file, all of it or nothing.</summary>
    /// <param name="path">Destination; an existing file is replaced once the new one is complete.</param>
    /// <exception cref="InputException">The destination cannot be written.</exception>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public void Save(string path) => _archive.Save(path);
}

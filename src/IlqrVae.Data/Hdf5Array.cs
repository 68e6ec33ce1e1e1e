namespace IlqrVae.Data;

/// <summary>A table read from an HDF5 file.</summary>
/// <typeparam name="T">Type of the entries.</typeparam>
/// <param name="Shape">Lengths of its axes, the last one varying fastest; empty for a scalar.</param>
/// <param name="Values">The entries in row-major order.</param>
public sealed record Hdf5Array<T>(IReadOnlyList<int> Shape, T[] Values);

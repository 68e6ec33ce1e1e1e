namespace IlqrVae.Data;

/// <summary>MATLAB's sparse arrays: compressed columns.</summary>
internal static class SparseArray
{
    // Entries of any array, and zeros for each number that is stored: bins of a millisecond of units that hardly fire.
    private const long AlwaysAllowed = 1 << 24;
    private const long MostZeros = 5_000;

    /// <summary>The array with its zeros, in column-major order; null where the parts do not fit the shape.</summary>
    /// <param name="shape">Rows and columns.</param>
    /// <param name="rows">The row of each entry, from 0; perhaps with room behind.</param>
    /// <param name="starts">For each column its first entry, and where the last column ends.</param>
    /// <param name="entries">The entries; perhaps with room behind.</param>
    /// <remarks>A sparse array is mostly zeros, but no file is believed that would fill the memory with them.</remarks>
    public static double[]? Fill(IReadOnlyList<int> shape, double[] rows, double[] starts, double[] entries)
    {
        if (shape.Count != 2 || (long)shape[0] * shape[1] > Math.Max(AlwaysAllowed, (entries.Length + (long)starts.Length) * MostZeros) || starts.Length != shape[1] + 1 || (long)shape[0] * shape[1] > Array.MaxLength || starts[0] != 0)
        {
            return null;
        }

        var full = new double[shape[0] * shape[1]];
        for (var column = 0; column < shape[1]; column++)
        {
            if (!(starts[column] <= starts[column + 1]) || !(starts[column + 1] <= Math.Min(rows.Length, entries.Length)))
            {
                return null;
            }

            for (var i = (int)starts[column]; i < (int)starts[column + 1]; i++)
            {
                if (!(rows[i] >= 0 && rows[i] < shape[0]))
                {
                    return null;
                }

                full[((long)column * shape[0]) + (int)rows[i]] = entries[i];
            }
        }

        return full;
    }
}

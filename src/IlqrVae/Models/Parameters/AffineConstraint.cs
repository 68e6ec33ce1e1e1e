namespace IlqrVae.Models.Parameters;

/// <summary>
/// value = offset + scale * raw, with fixed offsets and scales: not a restriction but units. Raw numbers are dimensionless, so that steps of an
/// optimiser mean the same whatever unit the data came in.
/// </summary>
internal sealed class AffineConstraint : Constraint
{
    private readonly double[] _rowScales;
    private readonly double[] _columnScales;
    private readonly double[] _columnOffsets;

    /// <summary>Keeps copies; what is empty is left out.</summary>
    /// <param name="rowScales">A scale for each row.</param>
    /// <param name="columnScales">A scale for each column.</param>
    /// <param name="columnOffsets">An offset for each column.</param>
    /// <exception cref="ArgumentException">A scale is not positive and finite, an offset not finite, or their numbers differ.</exception>
    public AffineConstraint(ReadOnlySpan<double> rowScales, ReadOnlySpan<double> columnScales, ReadOnlySpan<double> columnOffsets)
    {
        Check(rowScales, allowsAnySign: false, nameof(rowScales));
        Check(columnScales, allowsAnySign: false, nameof(columnScales));
        Check(columnOffsets, allowsAnySign: true, nameof(columnOffsets));
        if (columnOffsets.Length > 0 && columnOffsets.Length != columnScales.Length)
        {
            throw new ArgumentException($"There are {columnOffsets.Length} offsets and {columnScales.Length} scales.", nameof(columnOffsets));
        }

        _rowScales = rowScales.ToArray();
        _columnScales = columnScales.ToArray();
        _columnOffsets = columnOffsets.ToArray();
    }

    public override string Name => "affine";

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There are not as many rows or columns as scales.</exception>
    public override int RawCount(int rows, int columns)
    {
        if ((_rowScales.Length > 0 && rows != _rowScales.Length) || (_columnScales.Length > 0 && columns != _columnScales.Length))
        {
            throw new ArgumentException(
                $"The matrix is {rows} x {columns}; its constraint '{Name}' has {_rowScales.Length} scales of rows and {_columnScales.Length} of columns.", nameof(rows));
        }

        return rows * columns;
    }

    public override void Apply(ReadOnlySpan<double> raw, int rows, int columns, Span<double> value)
    {
        for (var i = 0; i < raw.Length; i++)
        {
            var scaled = Scale(i / columns, i % columns) * raw[i];
            value[i] = _columnOffsets.Length > 0 ? _columnOffsets[i % columns] + scaled : scaled;
        }
    }

    public override void PullBack(
        ReadOnlySpan<double> raw, ReadOnlySpan<double> value, ReadOnlySpan<double> gradient, int rows, int columns, Span<double> rawGradient)
    {
        for (var i = 0; i < gradient.Length; i++)
        {
            rawGradient[i] = Scale(i / columns, i % columns) * gradient[i];
        }
    }

    protected override void FindRaw(ReadOnlySpan<double> value, int rows, int columns, Span<double> raw)
    {
        for (var i = 0; i < value.Length; i++)
        {
            var scaled = _columnOffsets.Length > 0 ? value[i] - _columnOffsets[i % columns] : value[i];
            raw[i] = scaled / Scale(i / columns, i % columns);
        }
    }

    private double Scale(int row, int column) => _rowScales.Length > 0 ? _rowScales[row] : _columnScales[column];

    private static void Check(ReadOnlySpan<double> numbers, bool allowsAnySign, string name)
    {
        foreach (var x in numbers)
        {
            if (!double.IsFinite(x) || (!allowsAnySign && x <= 0))
            {
                throw new ArgumentException($"{x} among the {(allowsAnySign ? "offsets is not finite" : "scales is not positive and finite")}.", name);
            }
        }
    }
}

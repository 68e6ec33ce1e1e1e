using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Models.Parameters;

/// <summary>
/// A share of a model's parameters that one thread works on by itself: a whole parameter, or some rows of a triangular factor. Nothing above the
/// diagonal of a factor is read or written; its raw numbers, and all that an optimiser keeps of them, stay zero.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed unsafe class ParameterBlock<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Rows of a factor in a block: four of the tiles of a matrix product.</summary>
    private const int FactorRows = 24;

    private readonly double[] _scratch;
    private readonly bool _isTriangular;

    private ParameterBlock(Parameter<T> parameter, int firstRow, int rows)
    {
        Parameter = parameter;
        FirstRow = firstRow;
        Rows = rows;
        _isTriangular = parameter.Constraint.IsTriangular;
        _scratch = _isTriangular ? [] : new double[parameter.Rows * parameter.Columns];
        RangeCount = _isTriangular ? rows : 1;
    }

    /// <summary>The parameter.</summary>
    public Parameter<T> Parameter { get; }

    /// <summary>The first row of its value.</summary>
    public int FirstRow { get; }

    /// <summary>Number of rows of its value.</summary>
    public int Rows { get; }

    /// <summary>Number of ranges of raw numbers; see <see cref="Range"/>.</summary>
    public int RangeCount { get; }

    /// <summary>Shares out the parameters of a model, the largest share first.</summary>
    /// <param name="parameters">The parameters.</param>
    public static ParameterBlock<T>[] Split(IEnumerable<Parameter<T>> parameters)
        => [.. parameters.SelectMany(Split).OrderByDescending(block => block.Size)];

    /// <summary>Where raw numbers that follow each other are in the flattened vector.</summary>
    /// <param name="index">Which range, from 0.</param>
    public (int Start, int Length) Range(int index)
    {
        if (!_isTriangular)
        {
            return (Parameter.RawOffset, Parameter.Raw.Length);
        }

        // Whole vectors; the zeros above the diagonal stay zero under all that is done to them.
        var row = FirstRow + index;
        return (Parameter.RawOffset + (row * Parameter.Columns), Math.Min(Parameter.Columns, (row + 8) / 8 * 8));
    }

    /// <summary>Sets the block of a gradient to zero.</summary>
    /// <param name="gradient">The gradient.</param>
    public void Clear(ParameterGradient<T> gradient)
    {
        var block = gradient[Parameter];
        for (var row = FirstRow; row < FirstRow + Rows; row++)
        {
            Elementwise.Clear(block.RowPointer(row), Matrix<T>.PaddedLength(_isTriangular ? FirstRow + Rows : block.Columns));
        }

        block.KeepAlive();
    }

    /// <summary>Adds a multiple of the block of a gradient to that of another.</summary>
    /// <param name="factor">The factor.</param>
    /// <param name="source">The gradient to add.</param>
    /// <param name="total">The sum.</param>
    public void AddScaled(double factor, ParameterGradient<T> source, ParameterGradient<T> total)
    {
        var f = T.CreateSaturating(factor);
        var from = source[Parameter];
        var to = total[Parameter];
        if (!_isTriangular)
        {
            RowOperations.AddScaled(f, from, to);
            return;
        }

        for (var row = FirstRow; row < FirstRow + Rows; row++)
        {
            Gemv.AddScaled(f, from.RowPointer(row), to.RowPointer(row), row + 1);
        }

        from.KeepAlive();
        to.KeepAlive();
    }

    /// <summary>Turns the block of a gradient with respect to the values into one with respect to the raw numbers.</summary>
    /// <param name="gradient">The gradient with respect to the values.</param>
    /// <param name="rawGradient">Receives the result, at the block's ranges of the flattened vector.</param>
    public void PullBack(ParameterGradient<T> gradient, Span<double> rawGradient)
    {
        var block = gradient[Parameter];
        var raw = rawGradient.Slice(Parameter.RawOffset, Parameter.Raw.Length);
        if (!_isTriangular)
        {
            block.CopyTo(_scratch);
            Parameter.Constraint.PullBack(Parameter.Raw, Parameter.ExactValue, _scratch, Parameter.Rows, Parameter.Columns, raw);
            return;
        }

        for (var row = FirstRow; row < FirstRow + Rows; row++)
        {
            var at = row * Parameter.Columns;
            var used = raw.Slice(at, row + 1);
            block.RowRange(row, 1).ColumnRange(0, row + 1).CopyTo(used);
            Parameter.Constraint.PullBackRow(row, Parameter.ExactValue.Slice(at, row + 1), used);
        }
    }

    /// <summary>Sets the raw numbers of the block and recomputes its value.</summary>
    /// <param name="raw">The flattened vector.</param>
    public void SetRaw(ReadOnlySpan<double> raw)
    {
        for (var i = 0; i < RangeCount; i++)
        {
            var (start, length) = Range(i);
            raw.Slice(start, length).CopyTo(Parameter.Raw.AsSpan(start - Parameter.RawOffset));
        }

        if (_isTriangular)
        {
            Parameter.RefreshRows(FirstRow, Rows);
        }
        else
        {
            Parameter.Refresh();
        }
    }

    private long Size => _isTriangular ? (long)Rows * (FirstRow + Rows) : (long)Parameter.Rows * Parameter.Columns;

    private static IEnumerable<ParameterBlock<T>> Split(Parameter<T> parameter)
    {
        var rows = parameter.Constraint.IsTriangular ? FactorRows : Math.Max(1, parameter.Rows);
        for (var first = 0; first < parameter.Rows; first += rows)
        {
            yield return new ParameterBlock<T>(parameter, first, Math.Min(rows, parameter.Rows - first));
        }
    }
}

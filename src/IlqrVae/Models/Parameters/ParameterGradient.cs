using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Models.Parameters;

/// <summary>One matrix for each parameter of a model, of its shape: sums of derivatives with respect to the constrained values.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class ParameterGradient<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Parameter<T>[] _parameters;
    private readonly Matrix<T>[] _blocks;
    private readonly bool[] _isLower;

    /// <summary>Allocates a zero gradient.</summary>
    /// <param name="parameters">The parameters of a model, in order.</param>
    /// <param name="without">One whose derivative is kept elsewhere: its block has no rows.</param>
    public ParameterGradient(IReadOnlyList<Parameter<T>> parameters, Parameter<T>? without = null)
    {
        _parameters = [.. parameters];
        _blocks = [.. parameters.Select(parameter => Matrix<T>.Allocate(parameter == without ? 0 : parameter.Rows, parameter.Columns))];
        _isLower = [.. parameters.Select(parameter => parameter.Constraint.IsTriangular)];
    }

    /// <summary>The block of a parameter.</summary>
    /// <param name="parameter">A parameter of the model.</param>
    /// <exception cref="ArgumentException">It is none of this model.</exception>
    public Matrix<T> this[Parameter<T> parameter]
    {
        get
        {
            var index = parameter.Index;
            return (uint)index < (uint)_parameters.Length && ReferenceEquals(_parameters[index], parameter)
                ? _blocks[index]
                : throw new ArgumentException($"Parameter '{parameter.Name}' is none of this gradient's model.", nameof(parameter));
        }
    }

    /// <summary>The sum of squares over all blocks; not finite where an element is not.</summary>
    public double SumOfSquares()
    {
        var sum = 0.0;
        for (var i = 0; i < _blocks.Length; i++)
        {
            var block = _blocks[i];
            for (var row = 0; row < block.Rows; row++)
            {
                sum += SumOfSquares(block.Row(row)[..UsedColumns(i, row)]);
            }
        }

        return sum;
    }

    /// <summary>Adds a multiple of another gradient of the same model; blocks that it does without stay as they are.</summary>
    /// <param name="factor">The factor.</param>
    /// <param name="other">The other gradient.</param>
    /// <exception cref="ArgumentException">It is of another model.</exception>
    public void AddScaled(double factor, ParameterGradient<T> other)
    {
        if (!_parameters.AsSpan().SequenceEqual(other._parameters))
        {
            throw new ArgumentException("The gradients are of different models.", nameof(other));
        }

        var f = T.CreateSaturating(factor);
        for (var i = 0; i < _blocks.Length; i++)
        {
            var block = _blocks[i];
            for (var row = 0; row < other._blocks[i].Rows; row++)
            {
                Gemv.AddScaled(f, other._blocks[i].RowPointer(row), block.RowPointer(row), UsedColumns(i, row));
            }
        }

        GC.KeepAlive(other);
        GC.KeepAlive(this);
    }

    /// <summary>Multiplies every block.</summary>
    /// <param name="factor">The factor.</param>
    public void Scale(double factor)
    {
        var f = T.CreateChecked(factor);
        for (var i = 0; i < _blocks.Length; i++)
        {
            var block = _blocks[i];
            for (var row = 0; row < block.Rows; row++)
            {
                Elementwise.Scale(f, block.RowPointer(row), UsedColumns(i, row));
            }
        }

        GC.KeepAlive(this);
    }

    /// <summary>Sets every block to zero.</summary>
    public void Clear()
    {
        for (var i = 0; i < _blocks.Length; i++)
        {
            var block = _blocks[i];
            for (var row = 0; row < block.Rows; row++)
            {
                Elementwise.Clear(block.RowPointer(row), Matrix<T>.PaddedLength(UsedColumns(i, row)));
            }
        }

        GC.KeepAlive(this);
    }

    private static double SumOfSquares(Span<T> values)
    {
        // Sums that do not wait for each other.
        double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        var i = 0;
        for (; i + 4 <= values.Length; i += 4)
        {
            var x0 = double.CreateChecked(values[i]);
            var x1 = double.CreateChecked(values[i + 1]);
            var x2 = double.CreateChecked(values[i + 2]);
            var x3 = double.CreateChecked(values[i + 3]);
            s0 += x0 * x0;
            s1 += x1 * x1;
            s2 += x2 * x2;
            s3 += x3 * x3;
        }

        for (; i < values.Length; i++)
        {
            var x = double.CreateChecked(values[i]);
            s0 += x * x;
        }

        return s0 + s1 + (s2 + s3);
    }

    /// <summary>Nothing above the diagonal of a lower-triangular factor matters; for long trials that is half of all there is.</summary>
    private int UsedColumns(int block, int row) => _isLower[block] ? row + 1 : _blocks[block].Columns;
}

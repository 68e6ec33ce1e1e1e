using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Models.Parameters;

/// <summary>One matrix for each parameter of a model, of its shape: sums of derivatives with respect to the constrained values.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class ParameterGradient<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Matrix<T>[] _blocks;
    private readonly bool[] _isLower;

    /// <summary>Allocates a zero gradient.</summary>
    /// <param name="parameters">The parameters of a model, in order.</param>
    public ParameterGradient(IReadOnlyList<Parameter<T>> parameters)
    {
        _blocks = [.. parameters.Select(parameter => Matrix<T>.Allocate(parameter.Rows, parameter.Columns))];
        _isLower = [.. parameters.Select(parameter => parameter.Constraint == Constraint.CholeskyFactor)];
    }

    /// <summary>The block of a parameter.</summary>
    /// <param name="parameter">A parameter of the model.</param>
    public Matrix<T> this[Parameter<T> parameter] => _blocks[parameter.Index];

    /// <summary>The Euclidean norm over all blocks; not finite where an element is not.</summary>
    public double Norm()
    {
        var sum = 0.0;
        for (var i = 0; i < _blocks.Length; i++)
        {
            var block = _blocks[i];
            for (var row = 0; row < block.Rows; row++)
            {
                foreach (var value in block.Row(row)[..UsedColumns(i, row)])
                {
                    var number = double.CreateChecked(value);
                    sum += number * number;
                }
            }
        }

        return Math.Sqrt(sum);
    }

    /// <summary>Adds a multiple of another gradient of the same model.</summary>
    /// <param name="factor">The factor.</param>
    /// <param name="other">The other gradient.</param>
    public void AddScaled(double factor, ParameterGradient<T> other)
    {
        var f = T.CreateSaturating(factor);
        for (var i = 0; i < _blocks.Length; i++)
        {
            var block = _blocks[i];
            for (var row = 0; row < block.Rows; row++)
            {
                Gemv.AddScaled(f, other._blocks[i].RowPointer(row), block.RowPointer(row), UsedColumns(i, row));
            }
        }
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
    }

    /// <summary>Nothing above the diagonal of a lower-triangular factor matters; for long trials that is half of all there is.</summary>
    private int UsedColumns(int block, int row) => _isLower[block] ? row + 1 : _blocks[block].Columns;
}

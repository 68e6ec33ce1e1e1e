using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Models.Parameters;

/// <summary>One matrix for each parameter of a model, of its shape: sums of derivatives with respect to the constrained values.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class ParameterGradient<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Matrix<T>[] _blocks;

    /// <summary>Allocates a zero gradient.</summary>
    /// <param name="parameters">The parameters of a model, in order.</param>
    public ParameterGradient(IReadOnlyList<Parameter<T>> parameters)
    {
        _blocks = [.. parameters.Select(parameter => Matrix<T>.Allocate(parameter.Rows, parameter.Columns))];
    }

    /// <summary>The block of a parameter.</summary>
    /// <param name="parameter">A parameter of the model.</param>
    public Matrix<T> this[Parameter<T> parameter] => _blocks[parameter.Index];

    /// <summary>Adds another gradient of the same model.</summary>
    /// <param name="other">The other gradient.</param>
    public void Add(ParameterGradient<T> other)
    {
        for (var i = 0; i < _blocks.Length; i++)
        {
            RowOperations.AddScaled(T.One, other._blocks[i], _blocks[i]);
        }
    }

    /// <summary>Sets every block to zero.</summary>
    public void Clear()
    {
        foreach (var block in _blocks)
        {
            block.Clear();
        }
    }
}

using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Control;

/// <summary>A vector in the space of decision variables: n numbers for the initial state and m for every step. Gradients and directions live here.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class InputVector<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Matrix<T> _initial;
    private readonly Matrix<T> _inputs;

    /// <summary>Allocates a zero vector.</summary>
    /// <param name="capacity">The largest number of bins, at least 1.</param>
    /// <param name="states">State dimension n.</param>
    /// <param name="inputs">Input dimension m.</param>
    public InputVector(int capacity, int states, int inputs)
    {
        _initial = Matrix<T>.Allocate(1, states);
        _inputs = Matrix<T>.Allocate(capacity - 1, inputs);
        Inputs = _inputs;
    }

    /// <summary>The part of the initial state: n numbers.</summary>
    public Span<T> Initial => _initial.Row(0);

    /// <summary>The part of the inputs: (T - 1) x m.</summary>
    public Matrix<T> Inputs { get; private set; }

    internal T* InitialPointer => _initial.Pointer;

    /// <summary>Sets the number of bins.</summary>
    /// <param name="bins">1 to the capacity.</param>
    public void SetBins(int bins) => Inputs = _inputs.RowRange(0, bins - 1);

    /// <summary>Sets the vector to zero.</summary>
    public void Clear()
    {
        _initial.Clear();
        Inputs.Clear();
    }

    /// <summary>Copies another vector of the same number of bins.</summary>
    /// <param name="source">The source.</param>
    public void CopyFrom(InputVector<T> source)
    {
        RowOperations.Copy(source._initial, _initial);
        RowOperations.Copy(source.Inputs, Inputs);
    }

    /// <summary>The inner product, summed in double precision over bins.</summary>
    /// <param name="other">A vector of the same number of bins.</param>
    public double Dot(InputVector<T> other)
        => RowOperations.Dot(_initial, other._initial) + RowOperations.Dot(Inputs, other.Inputs);

    /// <summary>this += factor * other.</summary>
    /// <param name="factor">The factor.</param>
    /// <param name="other">A vector of the same number of bins.</param>
    public void AddScaled(double factor, InputVector<T> other)
    {
        var f = T.CreateSaturating(factor);
        RowOperations.AddScaled(f, other._initial, _initial);
        RowOperations.AddScaled(f, other.Inputs, Inputs);
    }

    /// <summary>this = factor * this + other.</summary>
    /// <param name="factor">The factor.</param>
    /// <param name="other">A vector of the same number of bins.</param>
    public void ScaleAndAdd(double factor, InputVector<T> other)
    {
        var f = T.CreateSaturating(factor);
        RowOperations.ScaleAndAdd(f, _initial, other._initial);
        RowOperations.ScaleAndAdd(f, Inputs, other.Inputs);
    }

    /// <summary>this *= factor.</summary>
    /// <param name="factor">The factor.</param>
    public void Scale(double factor)
    {
        var f = T.CreateSaturating(factor);
        RowOperations.Scale(f, _initial);
        RowOperations.Scale(f, Inputs);
    }
}

using System.Numerics;
using System.Numerics.Tensors;
using IlqrVae.Inference;
using IlqrVae.Numerics;

namespace IlqrVae.Training;

/// <summary>A trial and its states.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class SeenTrial<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Copies the states.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="states">Bins x n, or wider.</param>
    /// <param name="count">n.</param>
    public SeenTrial(PreparedTrial<T> trial, Matrix<T> states, int count)
    {
        Trial = trial;
        States = Matrix<T>.Allocate(states.Rows, count);
        Exact = Matrix<double>.Allocate(states.Rows, count);
        for (var t = 0; t < states.Rows; t++)
        {
            states.Row(t)[..count].CopyTo(States.Row(t));
            TensorPrimitives.ConvertChecked<T, double>(States.Row(t), Exact.Row(t));
        }
    }

    /// <summary>The trial.</summary>
    public PreparedTrial<T> Trial { get; }

    /// <summary>Bins x n.</summary>
    public Matrix<T> States { get; }

    /// <summary>The same in double precision.</summary>
    public Matrix<double> Exact { get; }
}

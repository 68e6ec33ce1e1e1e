using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;

namespace IlqrVae.Models.Priors;

/// <summary>
/// The density of inputs, independent over rows (bins). Losses are negative log densities in nats. Immutable but for its parameters' values.
/// No method allocates.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public abstract unsafe class InputPrior<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Creates the prior.</summary>
    /// <param name="dimension">Length of a row, m.</param>
    protected InputPrior(int dimension) => Dimension = dimension;

    /// <summary>What configurations call it.</summary>
    public abstract string Kind { get; }

    /// <summary>Length of a row, m.</summary>
    public int Dimension { get; }

    /// <summary>The scale s of each input, 1 x m, positive.</summary>
    public abstract Parameter<T> Scale { get; }

    /// <summary>Whether the loss is quadratic, with the second derivatives 1 / s_j^2: its expectation under a Gaussian then has a closed form.</summary>
    public virtual bool IsQuadratic => false;

    /// <summary>What it has learned beside the scales.</summary>
    public virtual IReadOnlyList<LearnedNumber> Learned => [];

    /// <summary>The parameters.</summary>
    public abstract IReadOnlyList<Parameter<T>> Parameters { get; }

    /// <summary>-log p, summed over rows.</summary>
    /// <param name="u">Rows x m.</param>
    public abstract double Loss(Matrix<T> u);

    /// <summary>The gradient of the loss, row by row.</summary>
    /// <param name="u">Rows x m.</param>
    /// <param name="gradient">Rows x m, overwritten.</param>
    public abstract void Gradient(Matrix<T> u, Matrix<T> gradient);

    /// <summary>Adds <paramref name="scale"/> times the second derivatives at one row to the upper triangle of an m x m matrix.</summary>
    /// <param name="u">One row.</param>
    /// <param name="kind">Exact, or positive definite.</param>
    /// <param name="scale">A factor.</param>
    /// <param name="target">m x m or wider.</param>
    public abstract void AddCurvature(T* u, CurvatureKind kind, T scale, Matrix<T> target);

    /// <summary>The exact second derivatives times a direction, row by row.</summary>
    /// <param name="u">Rows x m.</param>
    /// <param name="du">Rows x m.</param>
    /// <param name="product">Rows x m, overwritten.</param>
    public abstract void HessianProduct(Matrix<T> u, Matrix<T> du, Matrix<T> product);

    /// <summary>gradient += the derivative of the loss with respect to the parameters.</summary>
    /// <param name="u">Rows x m.</param>
    /// <param name="gradient">The sums.</param>
    public abstract void AccumulateGradient(Matrix<T> u, ParameterGradient<T> gradient);

    /// <summary>gradient += the derivative of <see cref="AccumulateGradient"/>'s sum along a tangent.</summary>
    /// <param name="u">Rows x m.</param>
    /// <param name="du">Rows x m.</param>
    /// <param name="gradient">The sums.</param>
    public abstract void AccumulateGradientTangent(Matrix<T> u, Matrix<T> du, ParameterGradient<T> gradient);

    /// <summary>Draws rows from the prior.</summary>
    /// <param name="random">The generator.</param>
    /// <param name="u">Rows x m, overwritten.</param>
    public abstract void Sample(ref CounterRandom random, Matrix<T> u);
}

/// <summary>A number that a part of a model has learned and people want to read.</summary>
/// <param name="Key">What files call it.</param>
/// <param name="Name">What it is.</param>
/// <param name="Value">The number.</param>
/// <param name="Remark">How to read it.</param>
public readonly record struct LearnedNumber(string Key, string Name, double Value, string Remark);

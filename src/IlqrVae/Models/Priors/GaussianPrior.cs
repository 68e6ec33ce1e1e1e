using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;

namespace IlqrVae.Models.Priors;

/// <summary>N(0, diag(s^2)) in every row.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class GaussianPrior<T> : InputPrior<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly double LogTwoPi = Math.Log(2 * Math.PI);

    /// <summary>Creates the prior.</summary>
    /// <param name="scale">s, 1 x m, positive: standard deviations.</param>
    public GaussianPrior(Parameter<T> scale)
        : base(scale.Columns)
    {
        Scale = scale;
        Parameters = [scale];
    }

    /// <summary>s, 1 x m: standard deviations.</summary>
    public override Parameter<T> Scale { get; }

    /// <inheritdoc/>
    public override bool IsQuadratic => true;

    /// <inheritdoc/>
    public override string Kind => "gaussian";

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> Parameters { get; }

    /// <inheritdoc/>
    public override double Loss(Matrix<T> u)
    {
        var s = Scale.ExactValue;
        var constant = 0.5 * Dimension * LogTwoPi;
        foreach (var scale in s)
        {
            constant += Math.Log(scale);
        }

        var squares = 0.0;
        for (var t = 0; t < u.Rows; t++)
        {
            var row = u.RowPointer(t);
            for (var j = 0; j < s.Length; j++)
            {
                var x = double.CreateChecked(row[j]) / s[j];
                squares += x * x;
            }
        }

        u.KeepAlive();
        return (u.Rows * constant) + (0.5 * squares);
    }

    /// <inheritdoc/>
    public override void Gradient(Matrix<T> u, Matrix<T> gradient) => HessianProduct(u, u, gradient);

    /// <inheritdoc/>
    public override void AddCurvature(T* u, CurvatureKind kind, T scale, Matrix<T> target)
    {
        var s = Scale.Value.Pointer;
        for (var j = 0; j < Dimension; j++)
        {
            target[j, j] += scale / (s[j] * s[j]);
        }

        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override void HessianProduct(Matrix<T> u, Matrix<T> du, Matrix<T> product)
    {
        var s = Scale.Value.Pointer;
        for (var t = 0; t < du.Rows; t++)
        {
            var from = du.RowPointer(t);
            var to = product.RowPointer(t);
            for (var j = 0; j < Dimension; j++)
            {
                to[j] = from[j] / (s[j] * s[j]);
            }
        }

        du.KeepAlive();
        product.KeepAlive();
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override void AccumulateGradient(Matrix<T> u, ParameterGradient<T> gradient)
    {
        var s = Scale.ExactValue;
        var target = gradient[Scale].Pointer;
        for (var j = 0; j < Dimension; j++)
        {
            var squares = 0.0;
            for (var t = 0; t < u.Rows; t++)
            {
                var x = double.CreateChecked(u[t, j]);
                squares += x * x;
            }

            target[j] += T.CreateSaturating((u.Rows / s[j]) - (squares / (s[j] * s[j] * s[j])));
        }

        GC.KeepAlive(gradient);
    }

    /// <inheritdoc/>
    public override void AccumulateGradientTangent(Matrix<T> u, Matrix<T> du, ParameterGradient<T> gradient)
    {
        var s = Scale.ExactValue;
        var target = gradient[Scale].Pointer;
        for (var j = 0; j < Dimension; j++)
        {
            var products = 0.0;
            for (var t = 0; t < u.Rows; t++)
            {
                products += double.CreateChecked(u[t, j]) * double.CreateChecked(du[t, j]);
            }

            target[j] -= T.CreateSaturating(2 * products / (s[j] * s[j] * s[j]));
        }

        GC.KeepAlive(gradient);
    }

    /// <inheritdoc/>
    public override void Sample(ref CounterRandom random, Matrix<T> u)
    {
        for (var t = 0; t < u.Rows; t++)
        {
            for (var j = 0; j < Dimension; j++)
            {
                u[t, j] = T.CreateSaturating(Scale.ExactValue[j] * random.NextNormal());
            }
        }
    }
}

/// <summary>A Gaussian prior in configurations.</summary>
public sealed record GaussianPriorSpecification : PriorSpecification
{
    /// <inheritdoc/>
    public override string Kind => "gaussian";

    /// <inheritdoc/>
    public override string Meaning => "inputs that are always there";

    /// <inheritdoc/>
    public override InputPrior<T> Build<T>(ModelStart start)
        => new GaussianPrior<T>(ModelStart.Constant<T>("prior.scale", start.Inputs, Constraint.Positive, 1));
}

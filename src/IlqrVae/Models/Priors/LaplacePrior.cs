using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Models.Kinds;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;

namespace IlqrVae.Models.Priors;

/// <summary>
/// A Laplace density with scales s whose tip is rounded, independent over rows and inputs: p(u_j) = exp(-f(u_j / s_j)) / (s_j Z) with
/// f(x) = sqrt(x^2 + w^2), which is |x| beyond a few widths w and a parabola within them. Each input is mostly small and now and then large, by itself.
/// </summary>
/// <remarks>
/// f' = x / f and f'' = w^2 / f^3; the loss is convex. The Gauss-Newton curvature is that of the parabola that touches f at x and -x and is nowhere below it, 1 / f,
/// but at least 1: far from zero curvature all but vanishes, and steps by it would leap. Z = 2 w K_1(w), K_1 a modified Bessel function.
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class LaplacePrior<T> : InputPrior<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly double _width;
    private readonly double _logNormaliser;

    /// <summary>Creates the prior.</summary>
    /// <param name="scale">s, 1 x m, positive: without rounding the standard deviations would be sqrt(2) times as large.</param>
    /// <param name="width">w, in units of the scales, positive.</param>
    public LaplacePrior(Parameter<T> scale, double width)
        : base(scale.Columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        Scale = scale;
        Parameters = [scale];
        _width = width;
        _logNormaliser = Math.Log(Normaliser(width));
    }

    /// <inheritdoc/>
    public override Parameter<T> Scale { get; }

    /// <inheritdoc/>
    public override string Kind => "laplace";

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> Parameters { get; }

    /// <inheritdoc/>
    public override double Loss(Matrix<T> u)
    {
        var s = Scale.ExactValue;
        var constant = Dimension * _logNormaliser;
        foreach (var scale in s)
        {
            constant += Math.Log(scale);
        }

        var sum = 0.0;
        for (var t = 0; t < u.Rows; t++)
        {
            var row = u.RowPointer(t);
            for (var j = 0; j < s.Length; j++)
            {
                sum += Length(double.CreateChecked(row[j]) / s[j]);
            }
        }

        u.KeepAlive();
        return (u.Rows * constant) + sum;
    }

    /// <inheritdoc/>
    public override void Gradient(Matrix<T> u, Matrix<T> gradient)
    {
        var s = Scale.ExactValue;
        for (var t = 0; t < u.Rows; t++)
        {
            var row = u.RowPointer(t);
            var to = gradient.RowPointer(t);
            for (var j = 0; j < s.Length; j++)
            {
                var x = double.CreateChecked(row[j]) / s[j];
                to[j] = T.CreateSaturating(x / (Length(x) * s[j]));
            }
        }

        u.KeepAlive();
        gradient.KeepAlive();
    }

    /// <inheritdoc/>
    public override void AddCurvature(T* u, CurvatureKind kind, T scale, Matrix<T> target)
    {
        var s = Scale.ExactValue;
        for (var j = 0; j < s.Length; j++)
        {
            var x = double.CreateChecked(u[j]) / s[j];
            var curvature = kind == CurvatureKind.Exact ? Curvature(x) : Math.Max(1, 1 / Length(x));
            target[j, j] += scale * T.CreateSaturating(curvature / (s[j] * s[j]));
        }
    }

    /// <inheritdoc/>
    public override void HessianProduct(Matrix<T> u, Matrix<T> du, Matrix<T> product)
    {
        var s = Scale.ExactValue;
        for (var t = 0; t < u.Rows; t++)
        {
            var row = u.RowPointer(t);
            var from = du.RowPointer(t);
            var to = product.RowPointer(t);
            for (var j = 0; j < s.Length; j++)
            {
                to[j] = T.CreateSaturating(Curvature(double.CreateChecked(row[j]) / s[j]) / (s[j] * s[j])) * from[j];
            }
        }

        u.KeepAlive();
        du.KeepAlive();
        product.KeepAlive();
    }

    /// <summary>d loss / d s = (1 - x^2 / f) / s.</summary>
    /// <inheritdoc/>
    public override void AccumulateGradient(Matrix<T> u, ParameterGradient<T> gradient)
    {
        var s = Scale.ExactValue;
        var target = gradient[Scale].Pointer;
        for (var j = 0; j < s.Length; j++)
        {
            var sum = 0.0;
            for (var t = 0; t < u.Rows; t++)
            {
                var x = double.CreateChecked(u.RowPointer(t)[j]) / s[j];
                sum += 1 - (x * x / Length(x));
            }

            target[j] += T.CreateSaturating(sum / s[j]);
        }

        u.KeepAlive();
        GC.KeepAlive(gradient);
    }

    /// <summary>d2 loss / d s d u = -x (x^2 + 2 w^2) / (f^3 s^2).</summary>
    /// <inheritdoc/>
    public override void AccumulateGradientTangent(Matrix<T> u, Matrix<T> du, ParameterGradient<T> gradient)
    {
        var s = Scale.ExactValue;
        var target = gradient[Scale].Pointer;
        for (var j = 0; j < s.Length; j++)
        {
            var sum = 0.0;
            for (var t = 0; t < u.Rows; t++)
            {
                var x = double.CreateChecked(u.RowPointer(t)[j]) / s[j];
                var f = Length(x);
                sum += x / f * (1 + (_width / f * (_width / f))) * double.CreateChecked(du.RowPointer(t)[j]);
            }

            target[j] -= T.CreateSaturating(sum / (s[j] * s[j]));
        }

        u.KeepAlive();
        du.KeepAlive();
        GC.KeepAlive(gradient);
    }

    /// <summary>Of draws from the sharp density, those are kept whose share exp(|x| - f(x)) a uniform number does not exceed.</summary>
    /// <inheritdoc/>
    public override void Sample(ref CounterRandom random, Matrix<T> u)
    {
        for (var t = 0; t < u.Rows; t++)
        {
            for (var j = 0; j < Dimension; j++)
            {
                double x;
                do
                {
                    x = -Math.Log(1 - random.NextDouble());
                }
                while (random.NextDouble() > Math.Exp(x - Length(x)));

                var sign = random.NextDouble() < 0.5 ? -1 : 1;
                u.RowPointer(t)[j] = T.CreateSaturating(sign * x * Scale.ExactValue[j]);
            }
        }

        u.KeepAlive();
    }

    /// <summary>f(x).</summary>
    private double Length(double x) => double.Hypot(x, _width);

    /// <summary>f''(x).</summary>
    private double Curvature(double x)
    {
        var f = Length(x);
        return _width / f * (_width / f) / f;
    }

    /// <summary>
    /// Z, the integral of exp(-f). With x = w sinh(t) it is that of w cosh(t) exp(-w cosh(t)), for which the trapezoidal rule is exact to rounding.
    /// </summary>
    private static double Normaliser(double width)
    {
        const double Step = 1.0 / 32;
        var sum = 0.5 * width * Math.Exp(-width);
        for (var t = Step; width * Math.Cosh(t) < 745; t += Step)
        {
            var f = width * Math.Cosh(t);
            sum += f * Math.Exp(-f);
        }

        return 2 * Step * sum;
    }
}

/// <summary>A Laplace prior in configurations.</summary>
public sealed record LaplacePriorSpecification : PriorSpecification
{
    /// <summary>Width of the rounded tip, in units of the scales.</summary>
    public double Width { get; init; } = 0.1;

    /// <inheritdoc/>
    public override string Kind => "laplace";

    /// <inheritdoc/>
    public override string Meaning => "inputs that are mostly small and now and then large, each by itself";

    /// <inheritdoc/>
    public override IReadOnlyList<Setting<PriorSpecification>> SettingsAmong(ModelKinds kinds) =>
    [
        Setting.Number<LaplacePriorSpecification>(
            "width", NumberRange.From(1e-4).UpTo(10), "a number from 0.0001 to 10", one => one.Width, (one, value) => one with { Width = value },
            "Width, in units of the scale, within which the density's tip is rounded: smaller is closer to a Laplace density and harder to solve.").Of<PriorSpecification>(),
        .. base.SettingsAmong(kinds),
    ];

    /// <inheritdoc/>
    public override InputPrior<T> Build<T>(ModelStart start)
        => new LaplacePrior<T>(ModelStart.Constant<T>("prior.scale", start.Inputs, Constraint.Positive, 1), Width);
}

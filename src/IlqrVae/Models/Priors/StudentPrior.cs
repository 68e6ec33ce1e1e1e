using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Models.Kinds;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;

namespace IlqrVae.Models.Priors;

/// <summary>
/// Multivariate Student with scales s and nu > 2 degrees of freedom, independent over rows (paper, Eq. 4-5):
/// p(u) ~ (1 + Q / nu)^(-(nu + m) / 2), Q = sum_j (u_j / s_j)^2. Heavy tails let inputs be rare and large.
/// </summary>
/// <remarks>
/// With w = (nu + m) / (nu + Q) the gradient of the loss is w S^-2 u and the Hessian w S^-2 - 2 w / (nu + Q) (S^-2 u)(S^-2 u)', which is positive
/// definite exactly where Q &lt; nu. Elsewhere the Gauss-Newton curvature is the majoriser w S^-2.
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class StudentPrior<T> : InputPrior<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Creates the prior.</summary>
    /// <param name="scale">s, 1 x m, positive.</param>
    /// <param name="degreesOfFreedom">nu, 1 x 1, above 2.</param>
    public StudentPrior(Parameter<T> scale, Parameter<T> degreesOfFreedom)
        : base(scale.Columns)
    {
        Scale = scale;
        DegreesOfFreedom = degreesOfFreedom;
        Parameters = [scale, degreesOfFreedom];
    }

    /// <inheritdoc/>
    public override Parameter<T> Scale { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<LearnedNumber> Learned => [new("degrees_of_freedom", "degrees of freedom of the prior", Nu, "Student; beyond some tens it is all but Gaussian")];

    /// <summary>nu, 1 x 1.</summary>
    public Parameter<T> DegreesOfFreedom { get; }

    /// <inheritdoc/>
    public override string Kind => "student";

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter<T>> Parameters { get; }

    private double Nu => DegreesOfFreedom.ExactValue[0];

    /// <inheritdoc/>
    public override double Loss(Matrix<T> u)
    {
        var nu = Nu;
        var m = Dimension;
        var constant = SpecialFunctions.LogGamma(nu / 2) - SpecialFunctions.LogGamma((nu + m) / 2) + (0.5 * m * Math.Log(Math.PI * nu));
        foreach (var scale in Scale.ExactValue)
        {
            constant += Math.Log(scale);
        }

        var sum = 0.0;
        for (var t = 0; t < u.Rows; t++)
        {
            sum += Math.Log(1 + (Square(u.RowPointer(t)) / nu));
        }

        u.KeepAlive();
        return (u.Rows * constant) + (0.5 * (nu + m) * sum);
    }

    /// <inheritdoc/>
    public override void Gradient(Matrix<T> u, Matrix<T> gradient)
    {
        var s = Scale.Value.Pointer;
        for (var t = 0; t < u.Rows; t++)
        {
            var row = u.RowPointer(t);
            var to = gradient.RowPointer(t);
            var w = T.CreateSaturating((Nu + Dimension) / (Nu + Square(row)));
            for (var j = 0; j < Dimension; j++)
            {
                to[j] = w * row[j] / (s[j] * s[j]);
            }
        }

        u.KeepAlive();
        gradient.KeepAlive();
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override void AddCurvature(T* u, CurvatureKind kind, T scale, Matrix<T> target)
    {
        var s = Scale.Value.Pointer;
        var q = Square(u);
        var w = T.CreateSaturating((Nu + Dimension) / (Nu + q));
        for (var j = 0; j < Dimension; j++)
        {
            target[j, j] += scale * w / (s[j] * s[j]);
        }

        if (kind == CurvatureKind.Exact || q < Nu)
        {
            var factor = scale * w * T.CreateSaturating(2 / (Nu + q));
            for (var i = 0; i < Dimension; i++)
            {
                var left = factor * u[i] / (s[i] * s[i]);
                for (var j = i; j < Dimension; j++)
                {
                    target[i, j] -= left * u[j] / (s[j] * s[j]);
                }
            }
        }

        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override void HessianProduct(Matrix<T> u, Matrix<T> du, Matrix<T> product)
    {
        var s = Scale.Value.Pointer;
        for (var t = 0; t < u.Rows; t++)
        {
            var row = u.RowPointer(t);
            var tangent = du.RowPointer(t);
            var to = product.RowPointer(t);
            var q = Square(row);
            var w = T.CreateSaturating((Nu + Dimension) / (Nu + q));
            var along = w * T.CreateSaturating(2 / (Nu + q) * Inner(row, tangent));
            for (var j = 0; j < Dimension; j++)
            {
                to[j] = ((w * tangent[j]) - (along * row[j])) / (s[j] * s[j]);
            }
        }

        u.KeepAlive();
        du.KeepAlive();
        product.KeepAlive();
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override void AccumulateGradient(Matrix<T> u, ParameterGradient<T> gradient)
    {
        var s = Scale.ExactValue;
        var toScale = gradient[Scale].Pointer;
        var nu = Nu;
        var m = Dimension;
        var toNu = u.Rows * 0.5 * (SpecialFunctions.Digamma(nu / 2) - SpecialFunctions.Digamma((nu + m) / 2) + (m / nu));
        for (var t = 0; t < u.Rows; t++)
        {
            var row = u.RowPointer(t);
            var q = Square(row);
            var w = (nu + m) / (nu + q);
            toNu += 0.5 * (Math.Log(1 + (q / nu)) - (w * q / nu));
            for (var j = 0; j < m; j++)
            {
                var x = double.CreateChecked(row[j]);
                toScale[j] += T.CreateSaturating((1 - (w * x * x / (s[j] * s[j]))) / s[j]);
            }
        }

        gradient[DegreesOfFreedom].Pointer[0] += T.CreateSaturating(toNu);
        u.KeepAlive();
        GC.KeepAlive(gradient);
    }

    /// <inheritdoc/>
    public override void AccumulateGradientTangent(Matrix<T> u, Matrix<T> du, ParameterGradient<T> gradient)
    {
        var s = Scale.ExactValue;
        var toScale = gradient[Scale].Pointer;
        var nu = Nu;
        var m = Dimension;
        var toNu = 0.0;
        for (var t = 0; t < u.Rows; t++)
        {
            var row = u.RowPointer(t);
            var tangent = du.RowPointer(t);
            var q = Square(row);
            var dq = 2 * Inner(row, tangent);
            var w = (nu + m) / (nu + q);
            var dw = -w / (nu + q) * dq;
            toNu += 0.5 * dq / (nu + q) * (1 - w);
            for (var j = 0; j < m; j++)
            {
                var x = double.CreateChecked(row[j]);
                var dx = double.CreateChecked(tangent[j]);
                toScale[j] -= T.CreateSaturating(((dw * x * x) + (2 * w * x * dx)) / (s[j] * s[j] * s[j]));
            }
        }

        gradient[DegreesOfFreedom].Pointer[0] += T.CreateSaturating(toNu);
        u.KeepAlive();
        du.KeepAlive();
        GC.KeepAlive(gradient);
    }

    /// <inheritdoc/>
    public override void Sample(ref CounterRandom random, Matrix<T> u)
    {
        for (var t = 0; t < u.Rows; t++)
        {
            var spread = Math.Sqrt(Nu / random.NextChiSquared(Nu));
            for (var j = 0; j < Dimension; j++)
            {
                u[t, j] = T.CreateSaturating(Scale.ExactValue[j] * spread * random.NextNormal());
            }
        }
    }

    private double Square(T* u) => Inner(u, u);

    /// <summary>sum_j a_j b_j / s_j^2.</summary>
    private double Inner(T* a, T* b)
    {
        var s = Scale.ExactValue;
        var sum = 0.0;
        for (var j = 0; j < s.Length; j++)
        {
            sum += double.CreateChecked(a[j]) * double.CreateChecked(b[j]) / (s[j] * s[j]);
        }

        return sum;
    }
}

/// <summary>A Student prior in configurations.</summary>
public sealed record StudentPriorSpecification : PriorSpecification
{
    /// <summary>Degrees of freedom that learning starts from, in the reach of <see cref="Constraint.AboveTwo"/>.</summary>
    public double DegreesOfFreedom { get; init; } = 10;

    /// <inheritdoc/>
    public override string Kind => "student";

    /// <inheritdoc/>
    public override string Meaning => "inputs that are mostly small and now and then large, all at the same time";

    /// <inheritdoc/>
    public override IReadOnlyList<Setting<PriorSpecification>> SettingsAmong(ModelKinds kinds) =>
    [
        Setting.Number<StudentPriorSpecification>(
            "degrees-of-freedom", NumberRange.Above(2.000001), "a number above 2.000001", one => one.DegreesOfFreedom, (one, value) => one with { DegreesOfFreedom = value },
            "The degrees of freedom that learning starts from.").Of<PriorSpecification>(),
        .. base.SettingsAmong(kinds),
    ];

    /// <inheritdoc/>
    public override InputPrior<T> Build<T>(ModelStart start) => new StudentPrior<T>(
        ModelStart.Constant<T>("prior.scale", start.Inputs, Constraint.Positive, 1),
        ModelStart.Constant<T>("prior.degrees-of-freedom", 1, Constraint.AboveTwo, DegreesOfFreedom));
}

namespace IlqrVae.Models.Differentiation;

/// <summary>
/// A number that equations are written over once, so that the same code runs on plain numbers (<see cref="Real{T}"/>), on numbers that carry
/// derivatives along (<see cref="Dual{TScalar}"/>, <see cref="DualBatch{T}"/>) and on numbers that remember how they came about
/// (<see cref="Variable{TScalar}"/>). Literals convert by themselves: <c>0.5 * x + 1</c> is valid.
/// </summary>
/// <remarks>Comparisons look at the value alone; a branch is differentiated along the side taken.</remarks>
/// <typeparam name="TSelf">The implementing type.</typeparam>
public interface IScalar<TSelf>
    where TSelf : struct, IScalar<TSelf>
{
    /// <summary>A constant.</summary>
    /// <param name="value">Its value.</param>
    static abstract TSelf FromDouble(double value);

    /// <summary>The value, without its derivatives.</summary>
    double ToDouble();

    /// <summary>A constant.</summary>
    /// <param name="value">Its value.</param>
    static abstract implicit operator TSelf(double value);

    /// <summary>x + y.</summary>
    static abstract TSelf operator +(TSelf x, TSelf y);

    /// <summary>x - y.</summary>
    static abstract TSelf operator -(TSelf x, TSelf y);

    /// <summary>x y.</summary>
    static abstract TSelf operator *(TSelf x, TSelf y);

    /// <summary>x / y.</summary>
    static abstract TSelf operator /(TSelf x, TSelf y);

    /// <summary>-x.</summary>
    static abstract TSelf operator -(TSelf x);

    /// <summary>x &lt; y, by value.</summary>
    static virtual bool operator <(TSelf x, TSelf y) => x.ToDouble() < y.ToDouble();

    /// <summary>x > y, by value.</summary>
    static virtual bool operator >(TSelf x, TSelf y) => x.ToDouble() > y.ToDouble();

    /// <summary>x &lt;= y, by value.</summary>
    static virtual bool operator <=(TSelf x, TSelf y) => x.ToDouble() <= y.ToDouble();

    /// <summary>x >= y, by value.</summary>
    static virtual bool operator >=(TSelf x, TSelf y) => x.ToDouble() >= y.ToDouble();

    /// <summary>start + sum_i weights_i vector_i with weights that have no derivatives.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="vector">At least as many numbers.</param>
    /// <param name="start">What the sum starts from.</param>
    static virtual TSelf Dot(ReadOnlySpan<double> weights, ReadOnlySpan<TSelf> vector, TSelf start)
    {
        for (var i = 0; i < weights.Length; i++)
        {
            start += weights[i] * vector[i];
        }

        return start;
    }

    /// <summary>start + sum_i weights_i vector_i.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="vector">At least as many numbers.</param>
    /// <param name="start">What the sum starts from.</param>
    static virtual TSelf Dot(ReadOnlySpan<TSelf> weights, ReadOnlySpan<TSelf> vector, TSelf start)
    {
        for (var i = 0; i < weights.Length; i++)
        {
            start += weights[i] * vector[i];
        }

        return start;
    }

    /// <summary>exp(x).</summary>
    static abstract TSelf Exp(TSelf x);

    /// <summary>log(x).</summary>
    static abstract TSelf Log(TSelf x);

    /// <summary>Square root.</summary>
    static abstract TSelf Sqrt(TSelf x);

    /// <summary>x^p with a constant exponent.</summary>
    static abstract TSelf Pow(TSelf x, double p);

    /// <summary>tanh(x).</summary>
    static abstract TSelf Tanh(TSelf x);

    /// <summary>1 / (1 + exp(-x)), without overflow.</summary>
    static abstract TSelf Sigmoid(TSelf x);

    /// <summary>log(1 + exp(x)), without overflow.</summary>
    static abstract TSelf Softplus(TSelf x);

    /// <summary>sin(x).</summary>
    static abstract TSelf Sin(TSelf x);

    /// <summary>cos(x).</summary>
    static abstract TSelf Cos(TSelf x);

    /// <summary>The angle in (-pi/2, pi/2) whose tangent is x.</summary>
    static abstract TSelf Atan(TSelf x);

    /// <summary>x^2.</summary>
    static virtual TSelf Square(TSelf x) => x * x;

    /// <summary>|x|; its derivative at zero is taken as 1.</summary>
    static virtual TSelf Abs(TSelf x) => x.ToDouble() < 0 ? -x : x;

    /// <summary>The larger one; the first where they are equal.</summary>
    static virtual TSelf Max(TSelf x, TSelf y) => y.ToDouble() > x.ToDouble() ? y : x;

    /// <summary>The smaller one; the first where they are equal.</summary>
    static virtual TSelf Min(TSelf x, TSelf y) => y.ToDouble() < x.ToDouble() ? y : x;
}

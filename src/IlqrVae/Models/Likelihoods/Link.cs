using System.Numerics;
using System.Numerics.Tensors;

namespace IlqrVae.Models.Likelihoods;

/// <summary>
/// A positive function of a real activation, rate = link(a), given by h = log link and its derivatives: near-zero rates then cost no precision.
/// Stateless.
/// </summary>
public abstract class Link
{
    /// <summary>
    /// exp(a). Above <see cref="ExponentialLimit"/> it continues as its second-order Taylor polynomial there (twice continuously differentiable), so
    /// it cannot overflow.
    /// </summary>
    public static Link Exponential { get; } = new ExponentialLink();

    /// <summary>log(1 + exp(a)).</summary>
    public static Link Softplus { get; } = new SoftplusLink();

    /// <summary>(a + sqrt(a^2 + 4)) / 2.</summary>
    public static Link SoftRelu { get; } = new SoftReluLink();

    /// <summary>The log-rate (natural logarithm, of Hz) beyond which the exponential link grows only quadratically: above 160,000 spikes a second.</summary>
    public const double ExponentialLimit = 12;

    /// <summary>What configurations call it.</summary>
    public abstract string Name { get; }

    /// <summary>True when a factor on the rate can be absorbed by the bias of the activation.</summary>
    public virtual bool AbsorbsGain => false;

    /// <summary>True when the link is exp itself at activations up to <see cref="ExponentialLimit"/>.</summary>
    public virtual bool IsExponential => false;

    /// <summary>The activation at which the link has a given value.</summary>
    /// <param name="rate">A positive rate.</param>
    public abstract double Invert(double rate);

    /// <summary>rate = link(a) and h = log link(a).</summary>
    /// <param name="activation">a.</param>
    /// <param name="rate">The rate; may be the same memory as the activation.</param>
    /// <param name="logarithm">h.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public abstract void Evaluate<T>(ReadOnlySpan<T> activation, Span<T> rate, Span<T> logarithm)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>rate = link(a), h' and h''.</summary>
    /// <param name="activation">a.</param>
    /// <param name="rate">The rate.</param>
    /// <param name="first">h'.</param>
    /// <param name="second">h''.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public abstract void Differentiate<T>(ReadOnlySpan<T> activation, Span<T> rate, Span<T> first, Span<T> second)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    private sealed class ExponentialLink : Link
    {
        public override string Name => "exp";

        public override bool AbsorbsGain => true;

        public override bool IsExponential => true;

        public override double Invert(double rate) => Math.Log(rate);

        public override void Evaluate<T>(ReadOnlySpan<T> activation, Span<T> rate, Span<T> logarithm)
        {
            activation.CopyTo(logarithm);
            var limit = T.CreateChecked(ExponentialLimit);
            if (IsWithinLimit(activation))
            {
                TensorPrimitives.Exp(activation, rate);
                return;
            }

            for (var i = 0; i < rate.Length; i++)
            {
                var x = logarithm[i] - limit;
                if (x > T.Zero)
                {
                    var p = Polynomial(x);
                    rate[i] = T.Exp(limit) * p;
                    logarithm[i] = limit + T.Log(p);
                }
                else
                {
                    rate[i] = T.Exp(logarithm[i]);
                }
            }
        }

        public override void Differentiate<T>(ReadOnlySpan<T> activation, Span<T> rate, Span<T> first, Span<T> second)
        {
            var limit = T.CreateChecked(ExponentialLimit);
            first.Fill(T.One);
            second.Clear();
            if (IsWithinLimit(activation))
            {
                TensorPrimitives.Exp(activation, rate);
                return;
            }

            for (var i = 0; i < rate.Length; i++)
            {
                var x = activation[i] - limit;
                if (x > T.Zero)
                {
                    var p = Polynomial(x);
                    rate[i] = T.Exp(limit) * p;
                    first[i] = (T.One + x) / p;
                    second[i] = (T.One / p) - (first[i] * first[i]);
                }
                else
                {
                    rate[i] = T.Exp(activation[i]);
                }
            }
        }

        private static bool IsWithinLimit<T>(ReadOnlySpan<T> activation)
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
            => activation.IsEmpty || TensorPrimitives.Max(activation) <= T.CreateChecked(ExponentialLimit);

        private static T Polynomial<T>(T x)
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
            => T.One + (x * (T.One + (x * T.CreateChecked(0.5))));
    }

    private sealed class SoftplusLink : Link
    {
        /// <summary>Below this activation the rate is exp(a) to working precision and quotients of it are taken from its series.</summary>
        private const double SmallRate = -15;

        public override string Name => "softplus";

        public override double Invert(double rate) => rate > 30 ? rate : Math.Log(Math.Exp(rate) - 1);

        public override void Evaluate<T>(ReadOnlySpan<T> activation, Span<T> rate, Span<T> logarithm)
        {
            var small = T.CreateChecked(SmallRate);
            for (var i = 0; i < rate.Length; i++)
            {
                var a = activation[i];
                rate[i] = T.Max(a, T.Zero) + T.LogP1(T.Exp(-T.Abs(a)));
                logarithm[i] = a < small ? a - (T.Exp(a) * T.CreateChecked(0.5)) : T.Log(rate[i]);
            }
        }

        public override void Differentiate<T>(ReadOnlySpan<T> activation, Span<T> rate, Span<T> first, Span<T> second)
        {
            var small = T.CreateChecked(SmallRate);
            var half = T.CreateChecked(0.5);
            for (var i = 0; i < rate.Length; i++)
            {
                var a = activation[i];
                var decay = T.Exp(-T.Abs(a));
                rate[i] = T.Max(a, T.Zero) + T.LogP1(decay);
                if (a < small)
                {
                    first[i] = T.One - (half * decay);
                    second[i] = -half * decay;
                }
                else
                {
                    var sigmoid = a >= T.Zero ? T.One / (T.One + decay) : decay / (T.One + decay);
                    var complement = a >= T.Zero ? decay / (T.One + decay) : T.One / (T.One + decay);
                    first[i] = sigmoid / rate[i];
                    second[i] = first[i] * (complement - first[i]);
                }
            }
        }
    }

    private sealed class SoftReluLink : Link
    {
        public override string Name => "soft-relu";

        public override double Invert(double rate) => rate - (1 / rate);

        public override void Evaluate<T>(ReadOnlySpan<T> activation, Span<T> rate, Span<T> logarithm)
        {
            var two = T.CreateChecked(2);
            for (var i = 0; i < rate.Length; i++)
            {
                var a = activation[i];
                var root = T.Sqrt((a * a) + (two * two));
                rate[i] = a >= T.Zero ? (a + root) / two : two / (root - a);
            }

            TensorPrimitives.Log(rate, logarithm);
        }

        public override void Differentiate<T>(ReadOnlySpan<T> activation, Span<T> rate, Span<T> first, Span<T> second)
        {
            var two = T.CreateChecked(2);
            for (var i = 0; i < rate.Length; i++)
            {
                var a = activation[i];
                var root = T.Sqrt((a * a) + (two * two));
                rate[i] = a >= T.Zero ? (a + root) / two : two / (root - a);
                first[i] = T.One / root;
                second[i] = -a / (root * root * root);
            }
        }
    }
}

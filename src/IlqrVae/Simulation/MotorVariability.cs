using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Simulation;

/// <summary>
/// What arm and muscles add to a commanded velocity c(t) of the hand, which firing rates know nothing of:
/// <code>
/// v(t) = (1 + 0.12 s g) R(0.12 s a) c(t) + 0.15 s |c(t)| (n_x(t), n_y(t)),    g, a ~ N(0, 1) once a trial
/// </code>
/// with R a rotation by that many radians, and n two independent processes of unit variance: white noise through two filters of 80 and 40 ms. The noise
/// grows with the command, as that of muscles does (Harris and Wolpert 1998, Nature 394:780), so that a hand that is told to hold still does.
/// </summary>
/// <param name="Scale">s, not negative: 1 for the variability of a trained animal, 0 for none.</param>
public sealed record MotorVariability(double Scale = 1)
{
    private const double GainDeviation = 0.12;
    private const double AngleDeviation = 0.12;
    private const double NoiseDeviation = 0.15;
    private const double SlowFilter = 0.08;
    private const double FastFilter = 0.04;

    // The noise has steps of its own, so that wider bins show the same motion.
    private const double LongestStep = 0.005;

    /// <summary>Carries a command out.</summary>
    /// <param name="command">T x 2.</param>
    /// <param name="binWidth">Seconds.</param>
    /// <param name="random">Source of the variability.</param>
    /// <returns>T x 2, in the unit of the command.</returns>
    public Table Execute(Table command, double binWidth, ref CounterRandom random)
    {
        if (!(binWidth > 0 && binWidth <= DelayedReachPopulation.LongestBin))
        {
            throw new ArgumentOutOfRangeException(nameof(binWidth), binWidth, $"The bin width must be positive and at most {DelayedReachPopulation.LongestBin} s.");
        }

        var gain = 1 + (GainDeviation * Scale * random.NextNormal());
        var angle = AngleDeviation * Scale * random.NextNormal();
        var (cosine, sine) = (gain * Math.Cos(angle), gain * Math.Sin(angle));
        var steps = Math.Max(1, (int)Math.Ceiling((binWidth / LongestStep) - 1e-9));
        Span<Noise> noise = [new Noise(binWidth / steps, ref random), new Noise(binWidth / steps, ref random)];
        var velocity = new Table(command.Bins, 2);
        for (var t = 0; t < command.Bins; t++)
        {
            var (x, y) = (command[t, 0], command[t, 1]);
            var spread = NoiseDeviation * Scale * Math.Sqrt((x * x) + (y * y));
            velocity[t, 0] = (cosine * x) - (sine * y) + (spread * noise[0].Value);
            velocity[t, 1] = (sine * x) + (cosine * y) + (spread * noise[1].Value);
            for (var step = 0; step < steps; step++)
            {
                noise[0].Advance(ref random);
                noise[1].Advance(ref random);
            }
        }

        return velocity;
    }

    /// <summary>A first-order autoregression of unit variance, smoothed by a second filter and scaled to unit variance again.</summary>
    private struct Noise
    {
        private readonly double _slow;
        private readonly double _fast;
        private readonly double _scale;
        private double _driven;
        private double _smooth;

        public Noise(double step, ref CounterRandom random)
        {
            _slow = Math.Exp(-step / SlowFilter);
            _fast = Math.Exp(-step / FastFilter);

            // x' = a x + sqrt(1 - a^2) e and y' = b y + (1 - b) x have E[x^2] = 1, E[x y] = a (1 - b) / (1 - a b) and
            // (1 - b^2) E[y^2] = (1 - b)^2 + 2 b (1 - b) E[x y].
            var covariance = (1 - _fast) * _slow / (1 - (_slow * _fast));
            var variance = (((1 - _fast) * (1 - _fast)) + (2 * _fast * (1 - _fast) * covariance)) / (1 - (_fast * _fast));
            _scale = 1 / Math.Sqrt(variance);

            // A draw from the joint stationary distribution of both.
            _driven = random.NextNormal();
            _smooth = (covariance * _driven) + (Math.Sqrt(Math.Max(0, variance - (covariance * covariance))) * random.NextNormal());
        }

        public readonly double Value => _scale * _smooth;

        public void Advance(ref CounterRandom random)
        {
            _smooth = (_fast * _smooth) + ((1 - _fast) * _driven);
            _driven = (_slow * _driven) + (Math.Sqrt(1 - (_slow * _slow)) * random.NextNormal());
        }
    }
}

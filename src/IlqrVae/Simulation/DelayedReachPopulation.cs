using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Simulation;

/// <summary>
/// A population of motor cortical neurons during delayed reaches, after the recordings of the maze task (Churchland et al. 2010) in kind
/// and size, with everything known. A condition is a target and a path; until the go cue the population holds a preparatory state set by
/// the condition, and the cue turns it into a rotation that moves the hand.
/// </summary>
/// <remarks>
/// <para>
/// Twelve states, x = (q in R^4, a in R^2, b in R^2, h in R^2, c1, c2), time in seconds, driven by p(t) in R^4 (the condition's preparatory
/// input, zero after the cue) and g(t) (0 before the cue, 1 after):
/// </para>
/// <list type="bullet">
/// <item>q' = (p - q) / 0.1: preparation, of target x and y, curvature and vigour;</item>
/// <item>c1' = (g - c1) / 0.06, c2' = (c1 - c2) / 0.15: the signal to move, the same in all conditions;</item>
/// <item>a' = -a / 0.15 - W b + w J a - |a|^2 a / 0.25 + 70 c1 (1 + q_4 / 2) (q_1, q_2): release of the preparation through the gate
/// c1;</item>
/// <item>b' = -b / 0.15 + W a + w J b, with W = 10 / s and w = 30 tanh(q_3) / s: rotation between a and b, and of both in space while
/// curvature lasts;</item>
/// <item>h' = (b - h) / 0.04: the command of the hand's velocity, but for a factor in m/s.</item>
/// </list>
/// <para>
/// Rates are s_i softplus(d_i + c_i' x), with random directions c_i, a spread of c_i' x of 0.8 to 1.6, d_i ~ N(-0.5, 0.7^2) and s_i such
/// that mean rates are log-normal about 7 Hz, between 1.5 and 20 Hz. Integrated by Runge-Kutta with steps of at most 5 ms.
/// </para>
/// </remarks>
public sealed class DelayedReachPopulation
{
    /// <summary>Number of states.</summary>
    public const int States = 12;

    /// <summary>Number of inputs: four of preparation and the signal to move.</summary>
    public const int Inputs = 5;

    /// <summary>The widest bin that is simulated, in seconds.</summary>
    public const double LongestBin = 10;

    private const int Preparation = 4;
    private const int HandState = 8;
    private const double MetresPerSecond = 0.65;
    private const double LongestStep = 0.005;

    // Spread of the preparatory parameters over conditions, which sets the scale of their variability over trials.
    private static readonly double[] Spread = [0.57, 0.57, 0.57, 0.29];

    private readonly double[] _conditions;

    /// <summary>
    /// Draws the conditions: targets at evenly spread angles and unequal distances, each reached straight and by paths curved either way.
    /// </summary>
    /// <param name="conditions">Number of conditions, at least 1.</param>
    /// <param name="random">Source of the conditions.</param>
    public DelayedReachPopulation(int conditions, ref CounterRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(conditions, 1);
        _conditions = new double[conditions * Preparation];
        const int Paths = 3;
        var angle = 0.0;
        var distance = 0.0;
        for (var c = 0; c < conditions; c++)
        {
            if (c % Paths == 0)
            {
                // Multiples of the golden angle cover the circle evenly whatever their number.
                angle = 2.399963229728653 * (c / Paths);
                distance = 0.6 + (0.4 * random.NextDouble());
            }

            var curvature = (0.4 + (0.6 * random.NextDouble())) * (c % Paths == 0 ? 0 : (c % Paths == 1 ? 1 : -1));
            var parameters = _conditions.AsSpan(c * Preparation, Preparation);
            parameters[0] = distance * Math.Cos(angle);
            parameters[1] = distance * Math.Sin(angle);
            parameters[2] = curvature;
            parameters[3] = random.NextDouble() - 0.5;
        }
    }

    /// <summary>Number of conditions.</summary>
    public int Conditions => _conditions.Length / Preparation;

    /// <summary>The preparatory input of a condition: target x and y (relative distance), curvature, vigour.</summary>
    /// <param name="condition">The condition.</param>
    public ReadOnlySpan<double> Parameters(int condition) => _conditions.AsSpan(condition * Preparation, Preparation);

    /// <summary>Simulates one reach.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="bins">Number of bins T.</param>
    /// <param name="binWidth">Bin width in seconds.</param>
    /// <param name="goBin">First bin in which the cue is on.</param>
    /// <param name="variability">Standard deviation of the preparatory parameters over trials, relative to their spread over
    /// conditions.</param>
    /// <param name="random">Source of the trial's parameters.</param>
    /// <returns>States T x 12, inputs T x 5 (row t drives the step from bin t to t + 1; the last row is zero) and the commanded velocity of the
    /// hand, T x 2 in m/s; <see cref="MotorVariability"/> carries it out.</returns>
    public (Table States, Table Inputs, Table Command) Simulate(
        int condition, int bins, double binWidth, int goBin, double variability, ref CounterRandom random)
    {
        if (!(binWidth > 0 && binWidth <= LongestBin))
        {
            throw new ArgumentOutOfRangeException(nameof(binWidth), binWidth, $"The bin width must be positive and at most {LongestBin} s.");
        }

        Span<double> drive = stackalloc double[Inputs];
        for (var i = 0; i < Preparation; i++)
        {
            drive[i] = Parameters(condition)[i] + (variability * Spread[i] * random.NextNormal());
        }

        Span<double> state = stackalloc double[States];
        Span<double> workspace = stackalloc double[5 * (States + Inputs)];

        // The inputs are constant within a bin: they ride along as states that do not change.
        Span<double> joint = stackalloc double[States + Inputs];
        drive[..Preparation].CopyTo(joint);
        var steps = Math.Max(1, (int)Math.Ceiling((binWidth / LongestStep) - 1e-9));
        var states = new Table(bins, States);
        var inputs = new Table(bins, Inputs);
        var command = new Table(bins, 2);
        for (var t = 0; t < bins; t++)
        {
            joint[..States].CopyTo(states.Row(t));
            command[t, 0] = MetresPerSecond * joint[HandState];
            command[t, 1] = MetresPerSecond * joint[HandState + 1];
            if (t == bins - 1)
            {
                break;
            }

            var row = inputs.Row(t);
            if (t >= goBin)
            {
                row[Preparation] = 1;
            }
            else
            {
                drive[..Preparation].CopyTo(row);
            }

            row.CopyTo(joint[States..]);
            for (var step = 0; step < steps; step++)
            {
                RungeKutta.Step(Derivative, joint, binWidth / steps, workspace);
            }
        }

        return (states, inputs, command);
    }

    // Follows the equations above; the entries after the states are the inputs, whose derivative is zero.
    private static void Derivative(ReadOnlySpan<double> x, Span<double> derivative)
    {
        const double Rotation = 10;
        const double Decay = 1 / 0.15;
        derivative.Clear();
        for (var i = 0; i < Preparation; i++)
        {
            derivative[i] = (x[States + i] - x[i]) / 0.1;
        }

        var turn = 30 * Math.Tanh(x[2]);
        var gate = 70 * x[10] * (1 + (x[3] / 2));
        var saturation = Decay + (((x[4] * x[4]) + (x[5] * x[5])) / 0.25);
        derivative[4] = (-saturation * x[4]) - (Rotation * x[6]) - (turn * x[5]) + (gate * x[0]);
        derivative[5] = (-saturation * x[5]) - (Rotation * x[7]) + (turn * x[4]) + (gate * x[1]);
        derivative[6] = (-Decay * x[6]) + (Rotation * x[4]) - (turn * x[7]);
        derivative[7] = (-Decay * x[7]) + (Rotation * x[5]) + (turn * x[6]);
        derivative[8] = (x[6] - x[8]) / 0.04;
        derivative[9] = (x[7] - x[9]) / 0.04;
        derivative[10] = (x[States + Preparation] - x[10]) / 0.06;
        derivative[11] = (x[10] - x[11]) / 0.15;
    }
}

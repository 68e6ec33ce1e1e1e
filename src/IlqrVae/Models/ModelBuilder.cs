using System.Numerics;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Parameters;
using IlqrVae.Models.Priors;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Models;

/// <summary>
/// Makes a model from its specification, with a start for learning that fits the data: read-out biases at the channels' means, read-out weights
/// that modulate rates mildly, recurrent weights that are weak, and dynamics that leak slowly, so that states of unit variance integrate inputs.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class ModelBuilder<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Deviation of log rates, or of values in units of their own deviation, that the first read-out gives to unit states.</summary>
    private const double InitialModulation = 0.3;

    private readonly ModelSpecification _specification;
    private readonly int _external;
    private CounterRandom _random;

    private ModelBuilder(ModelSpecification specification, int external, ulong seed)
    {
        _specification = specification;
        _external = external;
        _random = new CounterRandom(seed, 0x1417);
    }

    /// <summary>Makes a model.</summary>
    /// <param name="specification">What it is made of; completed for the recording on the way.</param>
    /// <param name="recording">The recording to learn from; its training trials set the start.</param>
    /// <param name="seed">Seed of the random weights.</param>
    /// <exception cref="InputException">The specification is impossible or does not fit the recording.</exception>
    public static GenerativeModel<T> Build(ModelSpecification specification, Recording recording, ulong seed)
    {
        var builder = new ModelBuilder<T>(specification.CompletedFor(recording), recording.ExternalNames.Count, seed);
        return builder.Build(recording);
    }

    private GenerativeModel<T> Build(Recording recording)
    {
        var n = _specification.States;
        var m = _specification.Inputs;
        var dynamics = BuildDynamics(n, m);
        var initial = new GaussianPrior<T>(Constant("initial.scale", n, Constraint.Positive, 1));
        var scale = Constant("prior.scale", m, Constraint.Positive, 1);
        InputPrior<T> prior = _specification.Prior.Kind == PriorKind.Gaussian
            ? new GaussianPrior<T>(scale)
            : new StudentPrior<T>(scale, Constant("prior.degrees-of-freedom", 1, Constraint.AboveTwo, _specification.Prior.DegreesOfFreedom));
        return new GenerativeModel<T>(
            dynamics, initial, prior, [.. _specification.Likelihoods.Select(likelihood => BuildLikelihood(likelihood, recording, n))]);
    }

    private Dynamics<T> BuildDynamics(int n, int m)
    {
        var specification = _specification.Dynamics;
        var leak = 1 / Math.Max(1.05, specification.InitialTimeConstant);
        var weak = 0.1 / Math.Sqrt(n);
        var inputConstraint = specification.UnitNormInputs ? Constraint.UnitColumns : Constraint.Free;

        // A leaky integrator z' = (1 - leak) z + b u has unit variance for |b|^2 = 1 - (1 - leak)^2 and inputs of unit variance.
        var drive = Math.Sqrt((1 - ((1 - leak) * (1 - leak))) / m);
        switch (specification.Kind)
        {
            case DynamicsKind.Linear:
            {
                var a = Random(n, n, weak * leak);
                for (var i = 0; i < n; i++)
                {
                    a[(i * n) + i] = specification.Stable ? 0 : a[(i * n) + i] + 1 - leak;
                }

                return new LinearDynamics<T>(
                    specification.Stable ? StableLeak(n, 1 - leak) : new Parameter<T>("dynamics.A", n, n, Constraint.Free, a),
                    Parameter<T>.Nearest("dynamics.B", n, m, inputConstraint, Random(n, m, drive)),
                    External("dynamics.E", n, drive));
            }

            case DynamicsKind.Rnn:
            {
                var a = Random(n, n, weak);
                for (var i = 0; i < n; i++)
                {
                    a[(i * n) + i] += 1 - leak;
                }

                return new RecurrentNetwork<T>(
                    new Parameter<T>("dynamics.A", n, n, Constraint.Free, a),
                    Constant("dynamics.b", n, Constraint.Free, 0),
                    Parameter<T>.Nearest("dynamics.B", n, m, inputConstraint, Random(n, m, drive)),
                    External("dynamics.E", n, drive));
            }

            case DynamicsKind.ResidualMlp:
            {
                var hidden = specification.HiddenUnits;
                var a0 = new double[n * n];
                for (var i = 0; i < n; i++)
                {
                    a0[(i * n) + i] = 1 - leak;
                }

                return new ResidualMlp<T>(new ResidualMlpParameters<T>(
                    new Parameter<T>("dynamics.A0", n, n, Constraint.Free, a0),
                    new Parameter<T>("dynamics.A1", hidden, n, Constraint.Free, Random(hidden, n, 1 / Math.Sqrt(n))),
                    Constant("dynamics.b1", hidden, Constraint.Free, 0),
                    new Parameter<T>("dynamics.A2", n, hidden, Constraint.Free, Random(n, hidden, 0.1 * leak / Math.Sqrt(hidden))),
                    Constant("dynamics.b2", n, Constraint.Free, 0),
                    Parameter<T>.Nearest("dynamics.B", n, m, inputConstraint, Random(n, m, drive)),
                    External("dynamics.E", n, drive)));
            }

            default:
                return BuildGatedUnit(n, m, leak, weak, drive / leak, inputConstraint);
        }
    }

    private GatedUnit<T> BuildGatedUnit(int n, int m, double leak, double weak, double drive, Constraint inputConstraint)
    {
        var isMgu = _specification.Dynamics.Kind == DynamicsKind.Mgu;
        var inside = isMgu || _specification.Dynamics.InputInsideCandidate;

        // Inside the candidate the input passes through a nonlinearity of slope one half.
        var outer = inside ? 2 * drive : drive;
        var placement = isMgu ? InputPlacement.GateAndCandidate : inside ? InputPlacement.Candidate : InputPlacement.Outside;
        return new GatedUnit<T>(placement, new GatedUnitParameters<T>(
            new Parameter<T>("dynamics.Uf", n, n, Constraint.Free, Random(n, n, weak)),
            Constant("dynamics.bf", n, Constraint.Free, Math.Log(leak / (1 - leak))),
            new Parameter<T>("dynamics.Uh", n, n, Constraint.Free, Random(n, n, weak)),
            Constant("dynamics.bh", n, Constraint.Free, 0),
            Parameter<T>.Nearest("dynamics.W", n, m, inputConstraint, Random(n, m, outer)),
            External("dynamics.E", n, outer),
            isMgu ? new Parameter<T>("dynamics.Wf", n, m, Constraint.Free, Random(n, m, 0.1 / Math.Sqrt(m))) : null,
            isMgu ? External("dynamics.Ef", n, 0.1) : null));
    }

    private Parameter<T> StableLeak(int n, double factor)
    {
        // A slow rotation shrunk by the leak: the rotation breaks the symmetry between states.
        var angles = Random(1, n * (n - 1) / 2, 0.1 / Math.Sqrt(n));
        var value = new double[n * n];
        Constraint.Orthogonal.Apply(angles, n, n, value);
        for (var i = 0; i < value.Length; i++)
        {
            value[i] *= factor;
        }

        return new Parameter<T>("dynamics.A", n, n, Constraint.Stable, value);
    }

    private Likelihood<T> BuildLikelihood(LikelihoodSpecification specification, Recording recording, int n)
    {
        var index = recording.Groups.Select((group, i) => (group, i)).First(pair => pair.group.Name == specification.Group).i;
        var channels = recording.Groups[index].Channels;
        var (mean, variance) = ChannelStatistics.Of(recording, index);
        var name = $"likelihood.{specification.Group}";
        if (specification.Kind == LikelihoodKind.Gaussian)
        {
            var weights = Random(channels, n, InitialModulation / Math.Sqrt(n));
            for (var i = 0; i < channels; i++)
            {
                for (var j = 0; j < n; j++)
                {
                    weights[(i * n) + j] *= Math.Sqrt(variance[i]);
                }
            }

            return new GaussianLikelihood<T>(
                specification.Group,
                new Parameter<T>(name + ".C", channels, n, Constraint.Free, weights),
                new Parameter<T>(name + ".d", 1, channels, Constraint.Free, mean),
                new Parameter<T>(name + ".variance", 1, channels, Constraint.Positive, variance));
        }

        var link = Link.ByName(specification.Link)
            ?? throw new InputException($"likelihood: there is no link '{specification.Link}'; choose exp, softplus or soft-relu.");
        var observedSeconds = recording.TrialsOf(TrialSplit.Train).Sum(trial => trial.Bins) * recording.BinWidth;
        var bias = new double[channels];
        for (var i = 0; i < channels; i++)
        {
            // Half a spike in the whole recording: silent channels get a low rate, not minus infinity.
            bias[i] = link.Invert(Math.Max(mean[i] / recording.BinWidth, 0.5 / Math.Max(observedSeconds, recording.BinWidth)));
        }

        return new PoissonLikelihood<T>(
            specification.Group,
            new Parameter<T>(name + ".C", channels, n, Constraint.Free, Random(channels, n, InitialModulation / Math.Sqrt(n))),
            new Parameter<T>(name + ".d", 1, channels, Constraint.Free, bias),
            link,
            recording.BinWidth,
            specification.Gain ? Constant(name + ".gain", channels, Constraint.Positive, 1) : null);
    }

    private static Parameter<T> Constant(string name, int length, Constraint constraint, double value)
    {
        var values = new double[length];
        Array.Fill(values, value);
        return new Parameter<T>(name, 1, length, constraint, values);
    }

    private Parameter<T>? External(string name, int rows, double deviation)
        => _external == 0 ? null : new Parameter<T>(name, rows, _external, Constraint.Free, Random(rows, _external, deviation));

    private double[] Random(int rows, int columns, double deviation)
    {
        var values = new double[rows * columns];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = deviation * _random.NextNormal();
        }

        return values;
    }
}

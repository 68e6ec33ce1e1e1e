using System.Numerics;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Differentiation;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Dynamics.Custom;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Parameters;
using IlqrVae.Models.Priors;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Tests.Inference;

public enum SpikeChoice
{
    /// <summary>Observations drawn from the model, where its rates are finite.</summary>
    FromTheModel,

    /// <summary>Not one spike; values of zero.</summary>
    Silent,

    /// <summary>Hundreds of spikes in every bin; values far from zero.</summary>
    Saturated,
}

/// <summary>What <see cref="RandomModels"/> is to make; the rest follows from the seed.</summary>
public sealed record Recipe
{
    public ulong Seed { get; init; }

    public int States { get; init; } = 3;

    public int Inputs { get; init; } = 2;

    public int Channels { get; init; } = 4;

    public int Bins { get; init; } = 6;

    /// <summary>The longest trial that the model's posterior covers beyond the bins of this one.</summary>
    public int SpareBins { get; init; }

    /// <summary>False to leave the recognition covariance at the size of one bin, for trials whose MAP inputs alone are wanted.</summary>
    public bool CoversTrial { get; init; } = true;

    public int External { get; init; }

    public double MissingShare { get; init; }

    public string Dynamics { get; init; } = DynamicsChoice.LinearFree;

    public string Prior { get; init; } = PriorChoice.Gaussian;

    public string Readout { get; init; } = ReadoutChoice.Gaussian;

    public SpikeChoice Spikes { get; init; }

    /// <summary>Scale of every weight of the dynamics, relative to a sensible one.</summary>
    public double WeightScale { get; init; } = 1;

    /// <summary>Scale of the priors' deviations.</summary>
    public double PriorScale { get; init; } = 1;

    /// <summary>Scale of the read-out's weights.</summary>
    public double ReadoutScale { get; init; } = 1;

    /// <summary>Deviation of the noise of values.</summary>
    public double NoiseScale { get; init; } = 0.5;
}

/// <summary>A model with one trial.</summary>
public sealed record RandomModel<T>(Recipe Recipe, VariationalModel<T> Model, PreparedTrial<T> Trial, int Capacity)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>;

/// <summary>Makes random models with a trial from recipes; the same recipe makes the same model.</summary>
public static class RandomModels
{
    private const double BinWidth = 0.02;

    public static Recipe RandomRecipe(ulong seed)
    {
        var random = new CounterRandom(seed, 1);
        var bins = random.NextInt32(4) == 0 ? 1 + random.NextInt32(2) : 1 + random.NextInt32(12);
        return new Recipe
        {
            Seed = seed,
            States = 1 + random.NextInt32(12),
            Inputs = 1 + random.NextInt32(12),
            Channels = 1 + random.NextInt32(12),
            Bins = bins,
            SpareBins = random.NextInt32(3),
            External = random.NextInt32(3) == 0 ? 1 + random.NextInt32(3) : 0,
            MissingShare = random.NextInt32(2) == 0 ? 0 : random.NextDouble(),
            Dynamics = DynamicsChoice.All[random.NextInt32(DynamicsChoice.All.Count)],
            Prior = PriorChoice.All[random.NextInt32(PriorChoice.All.Count)],
            Readout = ReadoutChoice.All[random.NextInt32(ReadoutChoice.All.Count)],
            Spikes = (SpikeChoice)random.NextInt32(3),
        };
    }

    /// <summary>The same with scales of weights, priors, read-outs and noise anywhere between 1e-3 and 1e3.</summary>
    public static Recipe ExtremeRecipe(ulong seed)
    {
        var random = new CounterRandom(seed, 2);
        return RandomRecipe(seed) with
        {
            WeightScale = Scale(ref random),
            PriorScale = Scale(ref random),
            ReadoutScale = Scale(ref random),
            NoiseScale = Scale(ref random),
        };

        // A third of the scales is ordinary, so that extremes meet ordinary parts as well as each other.
        static double Scale(ref CounterRandom random) => random.NextInt32(3) == 0 ? 1 : Math.Pow(10, (6 * random.NextDouble()) - 3);
    }

    public static RandomModel<T> Create<T>(Recipe recipe)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var random = new CounterRandom(recipe.Seed);
        var (n, m) = (recipe.States, recipe.Inputs);
        var groups = Groups(recipe);
        var start = new ModelStart(
            n, m, new RecordingSummary(BinWidth, 100, groups, [.. Enumerable.Range(0, recipe.External).Select(i => $"x{i}")], [.. Enumerable.Repeat(0.5, recipe.External)]), recipe.Seed);
        var dynamics = CreateDynamics<T>(recipe, start, ref random);
        var carried = KindVariants.Priors[recipe.Prior].Carry(dynamics);
        if (carried is AutoregressiveInputs<T> autoregression)
        {
            Spread(autoregression.Coefficient, ref random);
        }

        dynamics = carried;
        var initial = new GaussianPrior<T>(Positive<T>("initial.scale", 1, dynamics.StateCount, recipe.PriorScale, ref random));
        var prior = KindVariants.Priors[recipe.Prior].Build<T>(start);
        foreach (var parameter in prior.Parameters)
        {
            Spread(parameter, ref random);
        }

        Scale(prior.Scale, recipe.PriorScale);
        List<Likelihood<T>> likelihoods = [];
        foreach (var (specification, group) in recipe.Readout.Split(" and ").Zip(groups))
        {
            likelihoods.Add(CreateReadout<T>(recipe, (KindVariants.Likelihoods[specification] with { Group = group.Group.Name }).Build<T>(start, group), ref random));
        }

        var generative = new GenerativeModel<T>(dynamics, initial, prior, likelihoods);
        var capacity = recipe.Bins + recipe.SpareBins;
        var posterior = new SharedPosterior<T>(
            Factor<T>("posterior.initial", dynamics.StateCount, ref random), Factor<T>("posterior.time", recipe.CoversTrial ? capacity - 1 : 1, ref random), Factor<T>("posterior.space", m, ref random));
        var model = new VariationalModel<T>(generative, posterior);
        return new RandomModel<T>(recipe, model, CreateTrial(recipe, generative, ref random), capacity);
    }

    /// <summary>One group for each read-out, with 30 Hz in counts and the noise's variance in values.</summary>
    private static List<GroupSummary> Groups(Recipe recipe) => [.. recipe.Readout.Split(" and ").Select((specification, i) =>
    {
        var isCounts = KindVariants.Likelihoods[specification].DefaultFor != ChannelKind.Values;
        var channels = i == 0 ? recipe.Channels : 1 + (recipe.Channels / 2);
        return new GroupSummary(
            new ChannelGroup(isCounts ? "spikes" : "values", isCounts ? ChannelKind.Counts : ChannelKind.Values, channels),
            [.. Enumerable.Repeat(isCounts ? 30 * BinWidth : 0, channels)],
            [.. Enumerable.Repeat(isCounts ? 40 * BinWidth : recipe.NoiseScale * recipe.NoiseScale, channels)]);
    })];

    private static Dynamics<T> CreateDynamics<T>(Recipe recipe, ModelStart start, ref CounterRandom random)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (recipe.Dynamics == DynamicsChoice.Custom)
        {
            return new CustomDynamics<T, Modulated>(new Modulated(recipe, (int)random.NextUInt32() & 0xFFFF));
        }

        var specification = KindVariants.Dynamics[recipe.Dynamics];
        if (specification is ResidualMlpSpecification mlp)
        {
            specification = mlp with { HiddenUnits = 1 + random.NextInt32(8) };
        }

        var dynamics = specification.Build<T>(start);
        foreach (var parameter in dynamics.Parameters)
        {
            var isRecurrent = dynamics.RecurrentWeights.Contains(parameter);
            if (parameter.Constraint.Name is not ("free" or "affine"))
            {
                Spread(parameter, ref random);
                continue;
            }

            var scale = recipe.WeightScale * (isRecurrent ? 0.8 / Math.Sqrt(parameter.Columns) : parameter.Rows == 1 ? 0.3 : 0.8);
            parameter.Set(Normal(parameter.Raw.Length, scale, ref random));
        }

        dynamics.Refresh();
        return dynamics;
    }

    /// <summary>Read-out weights that modulate log rates, or values, by the scale of the recipe.</summary>
    private static Likelihood<T> CreateReadout<T>(Recipe recipe, Likelihood<T> likelihood, ref CounterRandom random)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var (channels, n) = (likelihood.ChannelCount, likelihood.StateCount);
        var mean = new T[channels];
        var slope = new T[channels];
        likelihood.Mean(likelihood.Bias.Value.Row(0), mean, slope);
        var weights = Normal(channels * n, recipe.ReadoutScale / Math.Sqrt(n), ref random);
        var bias = likelihood.Bias.ExactValue.ToArray();
        for (var i = 0; i < channels; i++)
        {
            var unit = likelihood.MeansAreRates ? Math.Min(10, double.CreateChecked(mean[i] / slope[i])) : 1;
            bias[i] += 0.5 * unit * random.NextNormal();
            for (var j = 0; j < n; j++)
            {
                weights[(i * n) + j] *= unit;
            }
        }

        likelihood.Weights.Set(weights);
        likelihood.Bias.Set(bias);
        foreach (var parameter in likelihood.Parameters.Where(parameter => parameter != likelihood.Weights && parameter != likelihood.Bias))
        {
            Spread(parameter, ref random);
        }

        likelihood.Refresh();
        return likelihood;
    }

    private static PreparedTrial<T> CreateTrial<T>(Recipe recipe, GenerativeModel<T> generative, ref CounterRandom random)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var bins = recipe.Bins;
        var external = recipe.External == 0 ? null : new Table(bins, recipe.External);
        foreach (ref var x in external is null ? [] : external.Values.AsSpan())
        {
            x = random.NextNormal();
        }

        var states = RollOutFromPrior(generative, external, bins, ref random);
        var groups = new List<ChannelGroup>();
        var observations = new List<Observations>();
        foreach (var likelihood in generative.Likelihoods)
        {
            var isSpikes = likelihood.Draws == ChannelKind.Counts;
            var channels = likelihood.ChannelCount;
            var table = new Table(bins, channels);
            var activations = Matrix<T>.Allocate(bins, channels);
            likelihood.Activate(states, activations);
            var mean = new T[channels];
            var slope = new T[channels];
            for (var t = 0; t < bins; t++)
            {
                likelihood.Mean(activations.Row(t), mean, slope);
                for (var i = 0; i < channels; i++)
                {
                    // Numbers that overflow or saturate are replaced by ordinary ones; a recording is finite.
                    var x = double.CreateSaturating(mean[i]);
                    mean[i] = T.CreateSaturating(double.IsFinite(x) && Math.Abs(x) < 1e4 ? x : isSpikes ? 1e4 : 10);
                }

                likelihood.Sample(ref random, mean, table.Row(t));
                for (var i = 0; i < channels; i++)
                {
                    table[t, i] = recipe.Spikes switch
                    {
                        SpikeChoice.Silent => 0,
                        SpikeChoice.Saturated => isSpikes ? 300 + random.NextInt32(50) : 1e3 * random.NextNormal(),
                        _ => table[t, i],
                    };
                }
            }

            bool[]? observed = null;
            if (recipe.MissingShare > 0)
            {
                observed = new bool[bins * channels];
                for (var i = 0; i < observed.Length; i++)
                {
                    observed[i] = random.NextDouble() >= recipe.MissingShare;
                    table.Values[i] = observed[i] ? table.Values[i] : 0;
                }
            }

            var kind = isSpikes ? ChannelKind.Counts : ChannelKind.Values;
            groups.Add(new ChannelGroup(likelihood.Group, kind, channels));
            observations.Add(Observations.Of(kind, table, observed));
        }

        var trial = new Trial { Name = "trial", Bins = bins, Observations = observations, External = external };
        var recording = new Recording
        {
            BinWidth = BinWidth,
            Groups = groups,
            ExternalNames = [.. Enumerable.Range(0, recipe.External).Select(i => $"x{i}")],
            Trials = [trial],
        };
        recording.Validate("random recording");
        return new PreparedTrial<T>(generative, recording, trial);
    }

    private static unsafe Matrix<T> RollOutFromPrior<T>(GenerativeModel<T> generative, Table? external, int bins, ref CounterRandom random)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        generative.Refresh();
        var states = Matrix<T>.Allocate(bins, generative.StateCount);
        var inputs = Matrix<T>.Allocate(bins, generative.InputCount);
        var known = Matrix<T>.Allocate(bins, external?.Columns ?? 0);
        if (external is not null)
        {
            known.CopyFrom(external.Values);
        }

        var tape = Matrix<T>.Allocate(1, generative.Dynamics.TapeLength);
        var scratch = generative.Dynamics.CreateScratch();
        generative.InitialPrior.Sample(ref random, states.RowRange(0, 1));
        generative.InputPrior.Sample(ref random, inputs);
        for (var t = 0; t < bins - 1; t++)
        {
            generative.Dynamics.Step(
                scratch, states.RowPointer(t), inputs.RowPointer(t), external is null ? null : known.RowPointer(t), states.RowPointer(t + 1), tape.Pointer);
        }

        states.KeepAlive();
        inputs.KeepAlive();
        known.KeepAlive();
        tape.KeepAlive();
        return states;
    }

    private static double[] Diagonal(int n, double value)
    {
        var matrix = new double[n * n];
        for (var i = 0; i < n; i++)
        {
            matrix[(i * n) + i] = value;
        }

        return matrix;
    }

    /// <summary>Moves what is constrained away from where learning starts.</summary>
    private static void Spread<T>(Parameter<T> parameter, ref CounterRandom random)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => Perturb(parameter, 0.5, ref random);

    private static void Scale<T>(Parameter<T> parameter, double factor)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => parameter.Set([.. parameter.ExactValue.ToArray().Select(value => factor * value)]);

    private static Parameter<T> Positive<T>(string name, int rows, int columns, double scale, ref CounterRandom random)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => new(name, rows, columns, Constraint.Positive, [.. Normal(rows * columns, 0.3, ref random).Select(x => scale * Math.Exp(x))]);

    private static Parameter<T> Factor<T>(string name, int size, ref CounterRandom random)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var factor = new Parameter<T>(name, size, size, Constraint.CholeskyFactor, Diagonal(size, 0.4));
        Perturb(factor, 0.1, ref random);
        return factor;
    }

    private static void Perturb<T>(Parameter<T> parameter, double scale, ref CounterRandom random)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < parameter.Raw.Length; i++)
        {
            parameter.Raw[i] += scale * random.NextNormal();
        }

        parameter.Refresh();
    }

    private static double[] Normal(int count, double scale, ref CounterRandom random)
    {
        var numbers = new double[count];
        for (var i = 0; i < count; i++)
        {
            numbers[i] = scale * random.NextNormal();
        }

        return numbers;
    }

    /// <summary>
    /// Dynamics whose inputs are modulated by the state, so that the second derivatives couple both:
    /// z' = decay z + tanh(A z + E x) + (1 + sin(z) / 3) * (B u) + b u_0^2 / 10.
    /// </summary>
    private readonly struct Modulated : IDynamicsDefinition
    {
        private readonly ParameterDeclaration _decay;
        private readonly ParameterDeclaration _a;
        private readonly ParameterDeclaration _b;
        private readonly ParameterDeclaration _bend;
        private readonly ParameterDeclaration? _e;

        public Modulated(Recipe recipe, int seed)
        {
            (States, Inputs, External) = (recipe.States, recipe.Inputs, recipe.External);
            var scale = recipe.WeightScale;
            var bend = new double[States];
            Array.Fill(bend, 0.3 * scale);
            _decay = ParameterDeclaration.Scalar("decay", 0.5 * scale, Constraint.Positive);
            _a = ParameterDeclaration.RandomMatrix("A", States, States, 0.7 * scale / Math.Sqrt(States), seed, recurrent: true);
            _b = ParameterDeclaration.RandomMatrix("B", States, Inputs, scale, seed + 1);
            _bend = ParameterDeclaration.Vector("b", bend);
            _e = External == 0 ? null : ParameterDeclaration.RandomMatrix("E", States, External, 0.5 * scale, seed + 2);
        }

        public int States { get; }

        public int Inputs { get; }

        public int External { get; }

        public IReadOnlyList<ParameterDeclaration> Parameters => _e is null ? [_decay, _a, _b, _bend] : [_decay, _a, _b, _bend, _e];

        public void Step<TScalar>(
            StepContext<TScalar> model,
            ReadOnlySpan<TScalar> state,
            ReadOnlySpan<TScalar> input,
            ReadOnlySpan<TScalar> external,
            Span<TScalar> next)
            where TScalar : struct, IScalar<TScalar>
        {
            var drive = model.Temporary(States);
            model[_a].AddProduct(state, drive);
            if (_e is not null)
            {
                model[_e].AddProduct(external, drive);
            }

            var decay = model.Scalar(_decay);
            for (var i = 0; i < next.Length; i++)
            {
                next[i] = (decay * state[i])
                    + TScalar.Tanh(drive[i])
                    + ((1 + (TScalar.Sin(state[i]) / 3)) * model[_b].Dot(i, input))
                    + (0.1 * model[_bend][i] * input[0] * input[0]);
            }
        }
    }
}

using System.Text.Json;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Kinds;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Parameters;
using IlqrVae.Models.Priors;
using IlqrVae.Recordings;

namespace IlqrVae.Benchmarking.SelfTest;

/// <summary>A small model with one trial, and the exact values a dense computation gives for it.</summary>
internal sealed class Fixture
{
    private readonly JsonElement _root;
    private readonly Dictionary<string, Parameter<double>> _parameters = new(StringComparer.Ordinal);

    private Fixture(JsonElement root)
    {
        _root = root;
        var model = root.GetProperty("model");
        var dims = Numbers(model.GetProperty("dims"));
        (States, Inputs, Bins) = ((int)dims[0], (int)dims[1], (int)dims[2]);

        Dynamics<double> dynamics = model.GetProperty("dynamics").GetString() switch
        {
            "linear" => new LinearDynamics<double>(Free("A"), Free("B")),
            "tanh_rnn" => new RecurrentNetwork<double>(Free("A"), Free("b"), Free("B")),
            "mini_gru" => new GatedUnit<double>(InputPlacement.Outside, new(Free("Uf"), Free("bf"), Free("Uh"), Free("bh"), Free("W"))),
            "mini_gru_candidate" => new GatedUnit<double>(InputPlacement.Candidate, new(Free("Uf"), Free("bf"), Free("Uh"), Free("bh"), Free("W"))),
            var other => throw new InvalidOperationException(other),
        };
        InputPrior<double> prior = model.GetProperty("prior").GetString() == "student"
            ? new StudentPrior<double>(Positive("log_s"), Raw("log_nu_minus_2", Constraint.AboveTwo))
            : new GaussianPrior<double>(Positive("log_s"));
        var binWidth = model.GetProperty("dt").GetDouble();
        var observations = root.GetProperty("observations");
        var groups = new List<ChannelGroup>();
        var tables = new List<Observations>();
        var likelihoods = new List<Likelihood<double>>();
        if (observations.TryGetProperty("spikes", out var spikes))
        {
            var link = ModelKinds.BuiltIn.Links.First(one => one.Name == model.GetProperty("link").GetString()!.Replace('_', '-'));
            likelihoods.Add(new PoissonLikelihood<double>("spikes", Free("C"), Free("d"), link, binWidth));
            Observe("spikes", ChannelKind.Counts, spikes);
        }

        if (observations.TryGetProperty("values", out var values))
        {
            likelihoods.Add(new GaussianLikelihood<double>("values", Free("Cg"), Free("dg"), Positive("log_var")));
            Observe("values", ChannelKind.Values, values);
        }

        var generative = new GenerativeModel<double>(dynamics, new GaussianPrior<double>(Positive("log_sigma0")), prior, likelihoods);
        Model = new VariationalModel<double>(
            generative, new(Raw("L0", Constraint.CholeskyFactor), Raw("Lt", Constraint.CholeskyFactor), Raw("Ls", Constraint.CholeskyFactor)));
        var trial = new Trial { Name = "trial", Bins = Bins, Observations = tables };
        var recording = new Recording { BinWidth = binWidth, Groups = groups, Trials = [trial] };
        recording.Validate("fixture");
        Trial = new PreparedTrial<double>(generative, recording, trial);

        var draws = root.GetProperty("draws");
        var initial = draws.GetProperty("e0");
        Draws = new PosteriorDraws<double>(initial.GetArrayLength(), Bins, States, Inputs);
        for (var k = 0; k < Draws.Count; k++)
        {
            Draws.Initial(k).CopyFrom(Numbers(initial[k]));
            Draws.Inputs(k).CopyFrom(Numbers(draws.GetProperty("e")[k]));
        }

        void Observe(string name, ChannelKind kind, JsonElement table)
        {
            var numbers = Numbers(table);
            var channels = numbers.Length / Bins;
            var mask = observations.TryGetProperty(name + "_mask", out var given) ? Array.ConvertAll(Numbers(given), x => x != 0) : null;
            groups.Add(new ChannelGroup(name, kind, channels));
            tables.Add(IlqrVae.Recordings.Observations.Of(kind, new Table(Bins, channels, numbers), mask));
        }
    }

    public static IReadOnlyList<string> Names { get; } =
    [
        "linear_gaussian", "minigru_student_poisson", "minigru_candidate_gaussian_softplus", "tanh_student_gaussian", "minigru_pair_missing",
    ];

    public int States { get; }

    public int Inputs { get; }

    public int Bins { get; }

    public VariationalModel<double> Model { get; }

    public PreparedTrial<double> Trial { get; }

    public PosteriorDraws<double> Draws { get; }

    /// <summary>Parameters by their names in the fixture.</summary>
    public IReadOnlyDictionary<string, Parameter<double>> Parameters => _parameters;

    public static Fixture Load(string name)
    {
        using var stream = typeof(Fixture).Assembly.GetManifestResourceStream($"{name}.json") ?? throw new ArgumentException($"there is no fixture '{name}'", nameof(name));
        using var document = JsonDocument.Parse(stream);
        return new Fixture(document.RootElement.Clone());
    }

    public double ExpectedNumber(string name) => _root.GetProperty("expected").GetProperty(name).GetDouble();

    public double[] Expected(string name) => Numbers(_root.GetProperty("expected").GetProperty(name));

    public double[] ExpectedGradient(string parameter) => Numbers(_root.GetProperty("expected").GetProperty("gradient").GetProperty(parameter));

    private static double[] Numbers(JsonElement element)
        => element.ValueKind == JsonValueKind.Array ? [.. element.EnumerateArray().SelectMany(Numbers)] : [element.GetDouble()];

    private (int Rows, int Columns, double[] Values) Given(string name)
    {
        var element = _root.GetProperty("parameters").GetProperty(name);
        var values = Numbers(element);
        var isMatrix = element.ValueKind == JsonValueKind.Array && element[0].ValueKind == JsonValueKind.Array;
        var rows = isMatrix ? element.GetArrayLength() : 1;
        return (rows, values.Length / rows, values);
    }

    private Parameter<double> Free(string name) => Raw(name, Constraint.Free);

    private Parameter<double> Positive(string name) => Raw(name, Constraint.Positive);

    /// <summary>The fixture's numbers are raw numbers of the same constraints.</summary>
    private Parameter<double> Raw(string name, Constraint constraint)
    {
        var (rows, columns, raw) = Given(name);
        var value = new double[raw.Length];
        constraint.Apply(raw, rows, columns, value);
        return _parameters[name] = new Parameter<double>(name, rows, columns, constraint, value);
    }
}

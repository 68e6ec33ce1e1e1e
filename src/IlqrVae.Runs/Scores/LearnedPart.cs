using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
using IlqrVae.Evaluation;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>What the model itself has learned: its prior, and the eigenvalues of linear dynamics beside the true ones.</summary>
/// <param name="Model">The model.</param>
/// <param name="Eigenvalues">Of learned linear dynamics; else empty.</param>
/// <param name="TrueEigenvalues">Of the linear system behind the recording, where its states and inputs tell; else empty.</param>
public sealed record LearnedPart(LearnedModel Model, IReadOnlyList<Complex> Eigenvalues, IReadOnlyList<Complex> TrueEigenvalues) : IReportPart
{
    /// <inheritdoc/>
    public string Key => "learned";

    /// <summary>The largest distance between matched eigenvalues; NaN where one side is not known.</summary>
    public double LargestDistance => Spectrum.LargestMatchedDistance(Eigenvalues, TrueEigenvalues);

    /// <summary>What the model of a result has learned.</summary>
    public static LearnedPart Of(InferenceResult result)
    {
        var learned = result.Learned.Transition is { } transition ? Spectrum.Eigenvalues(transition, result.Learned.InitialScale.Length) : [];
        return new LearnedPart(result.Learned, learned, learned.Count == 0 ? [] : TrueSpectrum(result));
    }

    /// <inheritdoc/>
    public JsonNode ToJson()
    {
        var prior = new JsonObject { ["kind"] = Model.PriorKind };
        foreach (var number in Model.PriorShape)
        {
            prior[number.Key] = Json.Number(number.Value);
        }

        if (Model.Coefficients.Count > 0)
        {
            prior["coefficients"] = Json.Numbers(Model.Coefficients);
        }

        prior["scale"] = Json.Numbers(Model.InputScale);
        var dynamics = new JsonObject { ["kind"] = Model.DynamicsKind };
        if (Eigenvalues.Count > 0)
        {
            dynamics["eigenvalues"] = Pairs(Eigenvalues);
        }

        if (TrueEigenvalues.Count > 0)
        {
            dynamics["true_eigenvalues"] = Pairs(TrueEigenvalues);
            dynamics["largest_distance"] = Json.Number(LargestDistance);
        }

        return new JsonObject { ["prior"] = prior, ["dynamics"] = dynamics };
    }

    /// <inheritdoc/>
    public IEnumerable<IReadOnlyList<string>> ToRows()
    {
        foreach (var number in Model.PriorShape.Where(_ => Model.InputScale.Length > 0))
        {
            yield return [number.Name, Wording.Number(number.Value, "0.00"), number.Remark];
        }

        if (Model.Coefficients.Count > 0)
        {
            yield return
            [
                "autoregression of the inputs", Wording.Number(Model.Coefficients.Average(), "0.000"),
                $"mean coefficient; {string.Join(' ', Model.Coefficients.Take(8).Select(value => value.ToString("0.000", CultureInfo.InvariantCulture)))}{(Model.Coefficients.Count > 8 ? " ..." : "")}",
            ];
        }

        if (Eigenvalues.Count > 0)
        {
            yield return ["eigenvalues of the dynamics", Wording.Number(Eigenvalues[0].Magnitude, "0.0000"), $"largest modulus; {Words(Eigenvalues)}"];
        }

        if (TrueEigenvalues.Count > 0)
        {
            yield return ["true eigenvalues", Wording.Number(TrueEigenvalues[0].Magnitude, "0.0000"), $"largest modulus; {Words(TrueEigenvalues)}"];
            yield return ["distance of eigenvalues", Wording.Number(LargestDistance, "0.0000"), "the largest one between matched pairs"];
        }
    }

    private static IReadOnlyList<Complex> TrueSpectrum(InferenceResult result)
    {
        // Of all trials there are, since a few may leave directions of the state untried.
        var trials = result.Recording.Trials;
        if (TruthTables.Of(trials, "states") is not { } states)
        {
            return [];
        }

        var inputs = TruthTables.Of(trials, "inputs");
        var isDriven = inputs is not null && inputs.Indices.SequenceEqual(states.Indices);
        var transition = inputs is null || isDriven ? Spectrum.TransitionOf(states.Tables, inputs?.Tables) : null;
        return transition is null ? [] : Spectrum.Eigenvalues(transition, states.Tables[0].Columns);
    }

    private static JsonArray Pairs(IReadOnlyList<Complex> values) => new([.. values.Select(value => Json.Numbers([value.Real, value.Imaginary]))]);

    private static string Words(IReadOnlyList<Complex> values)
        => string.Join(' ', values.Take(8).Select(value => Math.Abs(value.Imaginary) < 5e-4
            ? value.Real.ToString("0.000", CultureInfo.InvariantCulture)
            : value.Real.ToString("0.000", CultureInfo.InvariantCulture) + value.Imaginary.ToString("+0.000;-0.000", CultureInfo.InvariantCulture) + "i"))
        + (values.Count > 8 ? " ..." : "");
}

using System.Text.Json.Nodes;
using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>Inferred inputs around onsets of movement: where the speed of a group of values rises to a threshold after a quiet time.</summary>
/// <param name="Group">The group.</param>
/// <param name="Threshold">The speed that counts as moving.</param>
/// <param name="BinWidth">In seconds.</param>
/// <param name="Speed">The speed around onsets, one column.</param>
/// <param name="Energy">The inputs' energy around onsets over its mean over all bins, one column.</param>
/// <param name="Inputs">The inputs around onsets, m columns.</param>
public sealed record OnsetPart(string Group, double Threshold, double BinWidth, EventAverage Speed, EventAverage Energy, EventAverage Inputs) : IReportPart
{
    /// <summary>A quarter of a fast movement's speed, which the hand does not reach at rest.</summary>
    private const double ThresholdShare = 0.25;
    private const double FastQuantile = 0.95;

    private const double QuietSeconds = 0.2;
    private const double BeforeSeconds = 0.5;
    private const double AfterSeconds = 1;

    /// <inheritdoc/>
    public string Key => "onsets";

    /// <summary>Seconds from the onset, one entry a row of the averages.</summary>
    public double[] Lags => [.. Enumerable.Range(0, Speed.Mean.Bins).Select(row => (row - Speed.Before) * BinWidth)];

    /// <summary>Averages around the onsets of all trials.</summary>
    /// <param name="result">What was found.</param>
    /// <param name="group">The group, which the recording has.</param>
    public static OnsetPart Of(InferenceResult result, string group)
    {
        var g = result.Recording.IndexOfGroup(group);
        var binWidth = result.Description.BinWidth;
        int Bins(double seconds) => Math.Max(1, (int)Math.Round(seconds / binWidth));
        List<double[]> speeds = [.. result.Trials.Select(trial => SpeedOf(trial.Observations[g]))];
        double[] known = [.. speeds.SelectMany(speed => speed).Where(double.IsFinite).Order()];
        var threshold = known.Length == 0 ? double.NaN : ThresholdShare * known[(int)(FastQuantile * (known.Length - 1))];
        List<IReadOnlyList<int>> onsets = [.. speeds.Select(speed => EventAverage.Rises(speed, threshold, Bins(QuietSeconds)))];
        var energies = InputEnergyPart.Measure(result, [.. Enumerable.Range(0, result.Trials.Count)]).Steps;
        var mean = energies.SelectMany(steps => steps).DefaultIfEmpty(double.NaN).Average();

        // The last bin drives nothing.
        EventAverage Average(IEnumerable<Table> series) => EventAverage.Of([.. series], onsets, Bins(BeforeSeconds), Bins(AfterSeconds));
        return new OnsetPart(
            group,
            threshold,
            binWidth,
            Average(speeds.Select(speed => new Table(speed.Length - 1, 1, speed[..^1]))),
            Average(energies.Select(steps => new Table(steps.Count, 1, [.. steps.Select(energy => energy / mean)]))),
            Average(result.Estimates.Select(estimate => new Table(estimate.Inputs.Bins - 1, estimate.Inputs.Columns, estimate.Inputs.Values[..^estimate.Inputs.Columns]))));
    }

    /// <inheritdoc/>
    public JsonNode ToJson() => new JsonObject
    {
        ["group"] = Group,
        ["threshold"] = Json.Number(Threshold),
        ["count"] = Speed.Count,
        ["seconds"] = Json.Numbers(Lags),
        ["speed"] = Json.Numbers(Speed.Mean.Values),
        ["input_energy"] = Json.Numbers(Energy.Mean.Values),
        ["input_energy_standard_error"] = Json.Numbers(Energy.StandardError.Values),
        ["inputs"] = new JsonArray([.. Enumerable.Range(0, Inputs.Mean.Bins).Select(row => (JsonNode?)Json.Numbers(Inputs.Mean.Row(row).ToArray()))]),
    };

    /// <inheritdoc/>
    public IEnumerable<IReadOnlyList<string>> ToRows()
    {
        if (Speed.Count == 0)
        {
            yield return [$"inputs at onsets of {Group}", "", "no onsets"];
            yield break;
        }

        var peak = Enumerable.Range(0, Energy.Mean.Bins).MaxBy(row => Energy.Mean[row, 0]);
        yield return
        [
            $"inputs at onsets of {Group}",
            Wording.Number(Energy.Mean[peak, 0], "0.00"),
            $"times their mean energy, {Wording.Number(Lags[peak] * 1000, "0")} ms from the onset; {Speed.Count} onsets, speed above {Wording.Number(Threshold, "G3")}",
        ];
    }

    private static double[] SpeedOf(Observations one)
    {
        var values = one.ToTable();
        return
        [
            .. Enumerable.Range(0, values.Bins).Select(t => one.IsObserved(t)
                ? Math.Sqrt(values.Row(t).ToArray().Sum(value => value * value))
                : double.NaN),
        ];
    }
}

using System.Text.Json.Nodes;
using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>R2 of a channel group decoded by ridge regression from inferred rates, fitted on the training trials (as in the Neural Latents Benchmark).</summary>
/// <param name="Group">The group.</param>
/// <param name="R2">R2 of each of its channels on the evaluated trials.</param>
/// <param name="R2FromTruth">The same from the true rates of the same neurons; empty where they are not known.</param>
public sealed record DecodingPart(string Group, IReadOnlyList<double> R2, IReadOnlyList<double> R2FromTruth) : IReportPart
{
    /// <summary>Of the training bins, to choose the penalty by.</summary>
    private const int Folds = 5;

    /// <inheritdoc/>
    public string Key => "decoding";

    /// <summary>Checks that a group of values can be decoded.</summary>
    /// <exception cref="InputException">Inference would see it, or there are no rates.</exception>
    public static void RequireHidden(string name, ModelDescription description, IReadOnlySet<string> hidden)
    {
        if (description.Groups.Any(group => group.Name == name) && !hidden.Contains(name))
        {
            throw new InputException($"--decode: the model infers rates from '{name}' itself; hide it with --hide {Wording.Quoted(name)}.");
        }

        if (Enumerable.Range(0, description.Groups.Count).All(g => !description.IsRate(g)))
        {
            throw new InputException("--decode: the model has no rates to decode from; it needs a group of counts.");
        }
    }

    /// <summary>Checks that there is enough to learn a regression from.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="group">The group, which it has.</param>
    /// <param name="where">What to call the recording in messages.</param>
    /// <exception cref="InputException">The group was observed in too few bins of the training trials.</exception>
    public static void RequireRows(Recording recording, string group, string where)
    {
        var index = recording.IndexOfGroup(group);
        RequireRows(recording.TrialsOf(TrialSplit.Train).Sum(trial => Enumerable.Range(0, trial.Bins).Count(trial.Observations[index].IsObserved)), group, where);
    }

    /// <summary>Decodes.</summary>
    /// <param name="result">The trials to score.</param>
    /// <param name="training">The training trials.</param>
    /// <param name="group">The group.</param>
    /// <exception cref="InputException">The group was observed in too few bins of the training trials.</exception>
    public static DecodingPart Of(InferenceResult result, InferenceResult training, string group)
    {
        var index = result.Recording.IndexOfGroup(group);
        return new DecodingPart(group, Score(Inferred), training.Trials.Concat(result.Trials).All(trial => True(trial) is not null) ? Score((found, i) => True(found.Trials[i])!) : []);

        IReadOnlyList<double> Score(Func<InferenceResult, int, Table> rates)
        {
            var (features, behaviour) = Rows(training, index, rates);
            var (testFeatures, testBehaviour) = Rows(result, index, rates);
            RequireRows(features.Bins, group, "the recording");
            return testFeatures.Bins == 0
                ? []
                : Metrics.R2PerColumn(testBehaviour, RidgeRegression.FitCrossValidated(features, behaviour, folds: Folds).Apply(testFeatures));
        }

        Table Inferred(InferenceResult found, int trial)
            => Beside([.. Enumerable.Range(0, found.Description.Groups.Count).Where(found.Description.IsRate).Select(g => found.Estimates[trial].Means[g])]);

        Table? True(Trial trial)
        {
            var tables = Enumerable.Range(0, result.Description.Groups.Count).Where(result.Description.IsRate).Select(g => TruthTables.OfGroup(result.Description, trial, g)).ToList();
            return tables.Contains(null) ? null : Beside([.. tables.OfType<Table>()]);
        }
    }

    /// <inheritdoc/>
    public JsonNode ToJson()
    {
        var json = new JsonObject { ["group"] = Group, ["r2"] = Json.Number(Mean(R2)), ["r2_per_column"] = Json.Numbers(R2) };
        if (R2FromTruth.Count > 0)
        {
            json["r2_from_true_rates"] = Json.Number(Mean(R2FromTruth));
        }

        return json;
    }

    /// <inheritdoc/>
    public IEnumerable<IReadOnlyList<string>> ToRows()
    {
        yield return
        [
            $"R2 of {Group} from rates", Wording.Number(Mean(R2)),
            $"by ridge regression, fitted on the training trials{(R2FromTruth.Count > 0 ? $"; from true rates {Wording.Number(Mean(R2FromTruth))}" : "")}",
        ];
    }

    private static double Mean(IReadOnlyList<double> values) => values.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();

    private static void RequireRows(int rows, string group, string where)
    {
        if (rows < Folds)
        {
            throw new InputException(
                $"--decode: {where} has {rows} bins of training trials in which all of '{group}' was observed, and the regression needs {Folds} at least; leave the option out, or mark more trials for training.");
        }
    }

    /// <summary>The bins in which the whole group was observed, but for those whose rates overflowed.</summary>
    private static (Table Features, Table Behaviour) Rows(InferenceResult found, int group, Func<InferenceResult, int, Table> rates)
    {
        var features = new List<double>();
        var behaviour = new List<double>();
        var (width, channels) = (0, found.Recording.Groups[group].Channels);
        var row = new double[channels];
        for (var i = 0; i < found.Trials.Count; i++)
        {
            var observed = found.Trials[i].Observations[group];
            var table = rates(found, i);
            width = table.Columns;
            for (var t = 0; t < table.Bins; t++)
            {
                if (observed.IsObserved(t) && !table.Row(t).ContainsAnyExceptInRange(0, double.MaxValue))
                {
                    // Counts a bin, as in the benchmark, whose penalties have units.
                    features.AddRange(table.Row(t).ToArray().Select(rate => rate * found.Description.BinWidth));
                    observed.CopyRow<double>(t, row);
                    behaviour.AddRange(row);
                }
            }
        }

        return (new Table(behaviour.Count / channels, width, [.. features]), new Table(behaviour.Count / channels, channels, [.. behaviour]));
    }

    private static Table Beside(IReadOnlyList<Table> tables)
    {
        var result = new Table(tables[0].Bins, tables.Sum(table => table.Columns));
        for (var t = 0; t < result.Bins; t++)
        {
            var offset = 0;
            foreach (var table in tables)
            {
                table.Row(t).CopyTo(result.Row(t)[offset..]);
                offset += table.Columns;
            }
        }

        return result;
    }
}

using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.NeuralLatents;

/// <summary>The scores of one group of a submission, as the Neural Latents Benchmark defines them, with what they are made of. Null for those that are not there.</summary>
/// <param name="Name">The group.</param>
/// <param name="HeldOut">Its co-bps.</param>
public sealed record SubmissionScores(string Name, SpikePrediction HeldOut)
{
    private const string Split = "_split";

    /// <summary>Velocity R2 of each decoder.</summary>
    public IReadOnlyList<BehaviourDecoding>? Decoding { get; init; }

    /// <summary>The tp correlation.</summary>
    public NeuralSpeed? Speed { get; init; }

    /// <summary>PSTH R2.</summary>
    public ConditionAverages? Conditions { get; init; }

    /// <summary>Its fp-bps.</summary>
    public SpikePrediction? Forward { get; init; }

    /// <summary>The scores by the benchmark's names, in its order.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Values
    {
        get
        {
            var values = new List<KeyValuePair<string, double>> { new("co-bps", HeldOut.BitsPerSpike) };
            Add("tp corr", Speed?.Correlation);
            Add("vel R2", Decoding?.Average(one => one.R2));
            Add("psth R2", Conditions?.R2);
            Add("fp-bps", Forward?.BitsPerSpike);
            return values;

            void Add(string name, double? value)
            {
                if (value is { } number)
                {
                    values.Add(new(name, number));
                }
            }
        }
    }

    /// <summary>Scores one group.</summary>
    /// <param name="submitted">The rates.</param>
    /// <param name="target">What they are scored against.</param>
    /// <exception cref="InputException">What is needed for a score is missing in the submission, or numbers are not what they must be.</exception>
    public static SubmissionScores Of(SubmittedGroup submitted, TargetGroup target)
    {
        ArgumentNullException.ThrowIfNull(submitted);
        ArgumentNullException.ThrowIfNull(target);
        var scores = new SubmissionScores(target.Name, SpikePrediction.Of(submitted.EvaluatedHeldOut, target.HeldOutSpikes));
        var isTimed = NeuralLatentsSet.OfGroup(target.Name) is { TrialColumns.Count: > 0 };
        if (isTimed && target.EvaluatedBehaviour is not null)
        {
            scores = scores with { Speed = NeuralSpeed.Of(Evaluated("tp corr"), target.HeldOutSpikes, target.EvaluatedBehaviour) };
        }

        if (!isTimed && target.TrainingBehaviour is not null && target.EvaluatedBehaviour is not null)
        {
            scores = scores with { Decoding = Decode(submitted, target, Evaluated("vel R2")) };
        }

        if (target.Averages is not null)
        {
            var trials = target.ConditionTrials ?? throw new InputException($"{target.Averages.Name} is there without eval_cond_idx, which tells the trials of each condition; add it.");
            scores = scores with { Conditions = ConditionAverages.Of(Evaluated("psth R2"), target.Averages, trials, target.Jitter) };
        }

        if (submitted.ForwardHeldIn is not null && target.ForwardHeldIn is not null)
        {
            var rates = TrialArray.Beside(submitted.ForwardHeldIn, Needed(submitted.ForwardHeldOut, "eval_rates_heldout_forward", "fp-bps"));
            var spikes = target.ForwardHeldOut ?? throw new InputException($"{target.ForwardHeldIn.Name} is there without eval_spikes_heldout_forward; add it.");
            scores = scores with { Forward = SpikePrediction.Of(rates, TrialArray.Beside(target.ForwardHeldIn, spikes)) };
        }

        return scores;

        TrialArray Evaluated(string score) => TrialArray.Beside(Needed(submitted.EvaluatedHeldIn, "eval_rates_heldin", score), submitted.EvaluatedHeldOut);

        TrialArray Needed(TrialArray? array, string table, string score) => array ?? throw Missing(submitted, table, score);
    }

    /// <summary>
    /// The list that the benchmark reports: one entry a group, in its order, those of other sets behind them, and sets that differ in their number of trials pooled
    /// into one.
    /// </summary>
    /// <param name="groups">The groups, in any order.</param>
    public static IReadOnlyList<KeyValuePair<string, IReadOnlyList<KeyValuePair<string, double>>>> Reported(IEnumerable<SubmissionScores> groups)
    {
        var inOrder = groups.OrderBy(group => Place(group.Name)).ThenBy(group => group.Name, StringComparer.Ordinal).ToList();
        var list = inOrder.Where(group => NeuralLatentsSet.OfGroup(group.Name)?.ScalingKey is null)
            .Select(group => KeyValuePair.Create(group.Name + Split, group.Values)).ToList();
        foreach (var suffix in (string[])["", NeuralLatentsSet.WideSuffix])
        {
            var pooled = inOrder.Where(group => NeuralLatentsSet.OfGroup(group.Name)?.ScalingKey is not null && NeuralLatentsSet.SetOf(group.Name) + suffix == group.Name)
                .SelectMany(group => group.Values.Select(value => KeyValuePair.Create($"{NeuralLatentsSet.OfGroup(group.Name)!.ScalingKey} {value.Key}", value.Value))).ToList();
            if (pooled.Count > 0)
            {
                list.Add(KeyValuePair.Create<string, IReadOnlyList<KeyValuePair<string, double>>>($"mc_maze_scaling{suffix}{Split}", pooled));
            }
        }

        return list;

        static int Place(string name) => NeuralLatentsSet.OfGroup(name) is { } set ? NeuralLatentsSet.All.ToList().IndexOf(set) : int.MaxValue;
    }

    private static List<BehaviourDecoding> Decode(SubmittedGroup submitted, TargetGroup target, TrialArray evaluated)
    {
        if (target.TrainingMasks.Count != target.EvaluatedMasks.Count)
        {
            throw new InputException(
                $"{target.TrainingBehaviour!.Name}: there are decode masks for {target.TrainingMasks.Count} decoders in the training trials and {target.EvaluatedMasks.Count} in the evaluated ones; both need the same.");
        }

        var training = TrialArray.Beside(
            submitted.TrainingHeldIn ?? throw Missing(submitted, "train_rates_heldin", "vel R2"), submitted.TrainingHeldOut ?? throw Missing(submitted, "train_rates_heldout", "vel R2"));
        return [.. Enumerable.Range(0, Math.Max(1, target.TrainingMasks.Count)).Select(k => BehaviourDecoding.Of(
            training, target.TrainingBehaviour!, evaluated, target.EvaluatedBehaviour!, target.TrainingMasks.ElementAtOrDefault(k), target.EvaluatedMasks.ElementAtOrDefault(k)))];
    }

    private static InputException Missing(SubmittedGroup submitted, string table, string score)
        => new($"{submitted.EvaluatedHeldOut.Name} is there without a table '{table}' beside it, which {score} needs; add it.");
}

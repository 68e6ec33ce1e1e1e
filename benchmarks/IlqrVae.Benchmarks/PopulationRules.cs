using IlqrVae.Numerics;
using IlqrVae.Training;
using IlqrVae.Training.Hiding;

namespace IlqrVae.Benchmarks;

/// <summary>What a search may choose, and a population may change while it learns.</summary>
/// <param name="LearningRate">The rate that the schedule begins with.</param>
/// <param name="HiddenWeight">The weight of hidden entries.</param>
/// <param name="ReadOutPenalty">The precision of the prior over read-outs.</param>
/// <param name="NeuronShare">The share of neurons that is hidden.</param>
internal sealed record PopulationSettings(double LearningRate, double HiddenWeight, double ReadOutPenalty, double NeuronShare)
{
    /// <summary>Least and largest of each, the same for every search: all but shares are drawn evenly by their logarithms.</summary>
    public static readonly (double Least, double Most)[] Ranges = [(0.004, 0.04), (0.5, 8), (0.5, 20), (0.1, 0.5)];

    /// <summary>How much a setting is changed by.</summary>
    private const double Step = 0.2;

    /// <summary>How often a setting is drawn anew instead.</summary>
    private const double Anew = 0.25;

    private double[] Values => [LearningRate, HiddenWeight, ReadOutPenalty, NeuronShare];

    /// <summary>Settings drawn from the ranges.</summary>
    public static PopulationSettings Drawn(ref CounterRandom random)
    {
        var values = new double[Ranges.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Drawn(i, ref random);
        }

        return Of(values);
    }

    /// <summary>Settings beside these: each is a fifth more or less, or drawn anew, and stays in its range.</summary>
    public PopulationSettings Perturbed(ref CounterRandom random)
    {
        var values = Values;
        for (var i = 0; i < values.Length; i++)
        {
            var isAnew = random.NextDouble() < Anew;
            var factor = random.NextDouble() < 0.5 ? 1 - Step : 1 + Step;
            values[i] = isAnew ? Drawn(i, ref random) : Math.Clamp(values[i] * factor, Ranges[i].Least, Ranges[i].Most);
        }

        return Of(values);
    }

    /// <summary>Training with these settings.</summary>
    public TrainingOptions In(TrainingOptions options) => options with
    {
        LearningRate = LearningRate,
        HiddenWeight = HiddenWeight,
        ReadOutPenalty = ReadOutPenalty,
        Hide = [.. (options.Hide ?? []).Select(rule => rule is ChannelHiding channels ? channels with { Share = NeuronShare } : rule)],
    };

    private static PopulationSettings Of(double[] values) => new(values[0], values[1], values[2], values[3]);

    private static double Drawn(int setting, ref CounterRandom random)
    {
        var (least, most) = Ranges[setting];
        var place = random.NextDouble();
        return setting == Ranges.Length - 1 ? least + (place * (most - least)) : least * Math.Pow(most / least, place);
    }
}

/// <summary>Who goes on from whom, and what goes on.</summary>
internal static class PopulationRules
{
    /// <summary>
    /// Binary tournaments (Jaderberg et al. 2017): every member meets another drawn at random, and goes on from it where that one is better. All meet as they were before.
    /// </summary>
    /// <param name="losses">The loss of each member; not a number is the worst.</param>
    /// <param name="random">Draws opponents.</param>
    /// <returns>Of each member, the one it goes on from: itself, or another.</returns>
    public static int[] Tournaments(IReadOnlyList<double> losses, ref CounterRandom random)
    {
        var from = new int[losses.Count];
        for (var i = 0; i < from.Length; i++)
        {
            var other = from.Length < 2 ? i : (i + 1 + random.NextInt32(from.Length - 1)) % from.Length;
            from[i] = Comparable(losses[other]) < Comparable(losses[i]) ? other : i;
        }

        return from;
    }

    /// <summary>
    /// The next training of an asynchronous halving by one worker, as <c>ilqr-vae sweep</c> has it: the best of a rung of which so many have come that it is among the best of
    /// them, on the highest rung where there is one; else a new one.
    /// </summary>
    /// <param name="rungs">Of each rung the losses that have come, by training.</param>
    /// <param name="halveBy">One of so many goes on.</param>
    /// <returns>The training and the rung it has reached; null for a new one.</returns>
    public static (int Training, int Rung)? Promoted(IReadOnlyList<IReadOnlyDictionary<int, double>> rungs, int halveBy)
    {
        for (var rung = rungs.Count - 2; rung >= 0; rung--)
        {
            foreach (var (training, _) in rungs[rung].OrderBy(one => Comparable(one.Value)).ThenBy(one => one.Key).Take(rungs[rung].Count / halveBy))
            {
                if (!rungs[rung + 1].ContainsKey(training))
                {
                    return (training, rung);
                }
            }
        }

        return null;
    }

    /// <summary>A state of its own: parameters, averages, the optimiser, the best so far and warm starts.</summary>
    /// <param name="state">What is gone on from.</param>
    /// <param name="replaced">What is given up; its best parameters are kept where no better ones were met.</param>
    public static TrainingState<float> Copy(TrainingState<float> state, TrainingState<float> replaced)
    {
        var best = replaced.BestLoss < state.BestLoss ? replaced : state;
        var copy = new TrainingState<float>
        {
            Iteration = state.Iteration,
            Seconds = state.Seconds,
            Raw = [.. state.Raw],
            Average = state.Average is null ? null : [.. state.Average],
            Optimiser = Copy(state.Optimiser),
            BestRaw = [.. best.BestRaw],
            BestOptimiser = Copy(best.BestOptimiser),
            UntrainedLoss = state.UntrainedLoss,
            BestLoss = best.BestLoss,
            BestIteration = best.BestIteration,
            ValidationsWithoutImprovement = state.ValidationsWithoutImprovement,
            UsualGradientNorm = state.UsualGradientNorm,
            BadIterations = state.BadIterations,
            LostValidations = state.LostValidations,
            Recoveries = state.Recoveries,
        };
        foreach (var (name, loss) in state.FirstLosses)
        {
            copy.FirstLosses.Add(name, loss);
        }

        foreach (var (name, start) in state.WarmStarts)
        {
            copy.WarmStarts.Add(name, start.Copy());
        }

        return copy;
    }

    private static Adam Copy(Adam optimiser)
    {
        var copy = new Adam(optimiser.First.Length);
        copy.CopyFrom(optimiser);
        return copy;
    }

    private static double Comparable(double loss) => double.IsNaN(loss) ? double.PositiveInfinity : loss;
}

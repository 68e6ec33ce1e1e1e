using System.Numerics;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Models;

/// <summary>Draws trials from a generative model: initial states and inputs from the priors, states through the dynamics, then observations.</summary>
public static unsafe class ModelSampler
{
    /// <summary>Draws a recording whose trials carry their true states, inputs and channel means.</summary>
    /// <param name="model">The model, without external inputs.</param>
    /// <param name="trials">Number of trials.</param>
    /// <param name="bins">Bins a trial.</param>
    /// <param name="binWidth">Seconds; the bin width that the model's spike likelihoods were made with.</param>
    /// <param name="seed">Seed.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">The model takes external inputs.</exception>
    public static Recording Draw<T>(GenerativeModel<T> model, int trials, int bins, double binWidth, ulong seed)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (model.Dynamics.ExternalCount > 0)
        {
            throw new ArgumentException("External inputs are not part of the model and cannot be drawn from it.", nameof(model));
        }

        return new Recording
        {
            BinWidth = binWidth,
            Groups = [.. model.Likelihoods.Select(likelihood => new ChannelGroup(
                likelihood.Group, likelihood.Draws, likelihood.ChannelCount))],
            Trials = [.. Enumerable.Range(0, trials).Select(i => DrawTrial(model, $"trial-{i:D4}", bins, new CounterRandom(seed, RandomStreams.ModelSamples, (ulong)i)))],
            Source = "drawn from a model",
        };
    }

    private static Trial DrawTrial<T>(GenerativeModel<T> model, string name, int bins, CounterRandom random)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var dynamics = model.Dynamics;
        var states = Matrix<T>.Allocate(bins, dynamics.StateCount);
        var inputs = Matrix<T>.Allocate(bins, dynamics.InputCount);
        var tape = Matrix<T>.Allocate(1, dynamics.TapeLength);
        var scratch = dynamics.CreateScratch();
        model.InitialPrior.Sample(ref random, states.RowRange(0, 1));
        model.InputPrior.Sample(ref random, inputs.RowRange(0, bins - 1));
        for (var t = 0; t < bins - 1; t++)
        {
            dynamics.Step(scratch, states.RowPointer(t), inputs.RowPointer(t), null, states.RowPointer(t + 1), tape.Pointer);
        }

        states.KeepAlive();
        inputs.KeepAlive();
        tape.KeepAlive();
        var truth = new Dictionary<string, Table>(StringComparer.Ordinal)
        {
            ["states"] = new(bins, model.SystemStateCount, states.ColumnRange(0, model.SystemStateCount).ToArray()),
            ["inputs"] = model.Autoregression?.InputsAlong(states) ?? new(bins, inputs.Columns, inputs.ToArray()),
        };
        var observations = new List<Observations>();
        foreach (var likelihood in model.Likelihoods)
        {
            var activations = Matrix<T>.Allocate(bins, likelihood.ChannelCount);
            likelihood.Activate(states, activations);
            var mean = Matrix<T>.Allocate(bins, likelihood.ChannelCount);
            var slope = new T[likelihood.ChannelCount];
            var observed = new Table(bins, likelihood.ChannelCount);
            for (var t = 0; t < bins; t++)
            {
                likelihood.Mean(activations.Row(t), mean.Row(t), slope);
                likelihood.Sample(ref random, mean.Row(t), observed.Row(t));
            }

            truth[likelihood.MeansAreRates ? "rates" : "mean"] = new Table(bins, likelihood.ChannelCount, mean.ToArray());
            observations.Add(likelihood.Draws == ChannelKind.Counts ? Observations.FromCounts(observed) : Observations.FromValues(observed));
        }

        return new Trial { Name = name, Bins = bins, Observations = observations, Truth = truth };
    }
}

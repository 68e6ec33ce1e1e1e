using System.Diagnostics;
using System.Globalization;
using IlqrVae.Data;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Fitting;
using IlqrVae.Runs.Scores;
using IlqrVae.Runs.Sessions;
using IlqrVae.Training;

namespace IlqrVae.Benchmarks;

/// <summary>What one search came to.</summary>
/// <param name="Method">Which.</param>
/// <param name="Trainings">Trainings that were begun.</param>
/// <param name="Updates">Updates of all trainings.</param>
/// <param name="Validations">Validations of all trainings, those before the first update included.</param>
/// <param name="ProcessorSeconds">Of the search, without the score.</param>
/// <param name="Loss">The validation loss of what it chose.</param>
/// <param name="Median">The median over its trainings of their best validation loss.</param>
/// <param name="Scores">Of each hidden group its score on the test trials: bits per spike, or R2.</param>
/// <param name="Settings">Settings of what it chose, at the end.</param>
internal sealed record PopulationResult(
    string Method, int Trainings, int Updates, int Validations, double ProcessorSeconds, double Loss, double Median, IReadOnlyList<(string Group, double Score)> Scores, PopulationSettings? Settings)
{
    /// <summary>One line for a table.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Method}\t{Trainings} trainings\t{Updates} updates\t{Validations} validations\t{ProcessorSeconds:F1} s\tloss {Loss:F5}\tmedian {Median:F5}\t{string.Join('\t', Scores.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Group} {one.Score:F4}")))}\t{Settings}");
}

/// <summary>
/// Population-based training (Jaderberg et al. 2017; in neuroscience AutoLFADS, Keshtkaran et al. 2022) beside asynchronous halving, random search and a training with the usual
/// settings, on one recording: the same model and first parameters, the same ranges, the same updates in all. The test trials choose nothing.
/// </summary>
/// <param name="data">Path of the dataset.</param>
/// <param name="predict">Groups to predict, as neurons held out; values are predicted too.</param>
/// <param name="states">States of the model, of which <c>fit</c> has a candidate that hides.</param>
/// <param name="seed">Of parameters, batches and settings.</param>
/// <param name="updates">Updates of a whole training: nine times a whole number.</param>
/// <param name="members">Members of the population.</param>
/// <param name="batch">Trials an update.</param>
internal sealed class PopulationStudy(string data, IReadOnlyList<string> predict, int states, ulong seed, int updates, int members, int batch)
{
    /// <summary>Parts of a training, after each of which it is validated: rungs of a halving by three are after 1, 3 and 9 of them.</summary>
    private const int Parts = 9;
    private const int HalveBy = 3;
    private static readonly int[] s_rungs = [1, 3, 9];

    private RunConfiguration _configuration = new();
    private Recording? _trials;
    private ModelDescription? _description;
    private int _updates;
    private int _validations;

    /// <summary>Searches in every way.</summary>
    /// <param name="methods">Of "usual", "random", "halving" and "population", which.</param>
    /// <param name="told">Told of each as it is done.</param>
    /// <exception cref="InputException">The recording cannot be read, or learned from with anything hidden.</exception>
    public void Run(IReadOnlyList<string> methods, Action<PopulationResult> told)
    {
        var recording = RecordingFile.Read(data);
        var request = new FitRequest { Seed = seed, Threads = 1, Predict = predict };
        var candidate = FitLadder.Of(data, recording, request).FirstOrDefault(one => one.Configuration.Model.States == states && one.Configuration.Training is { Hide.Count: > 0, ReadOutPenalty: > 0 })
            ?? throw new InputException($"fit has no candidate with {states} states that hides anything of {data}; take another number of states, or a recording of eight neurons or more.");
        if (updates < Parts || updates % Parts != 0)
        {
            throw new InputException($"--updates: {updates} is not possible; give a multiple of {Parts}.");
        }

        var training = candidate.Configuration.Training;
        _trials = LearningTrials.Of(recording, training.Chunk, training.ValidationShare);
        _configuration = (candidate.Configuration with { Training = training with { Iterations = updates, BatchSize = batch, ValidationInterval = updates / Parts, ShrinkReadOuts = false } }).CompletedFor(_trials);
        _description = ModelDescription.Of(_configuration, _trials);
        foreach (var (name, search) in ((string, Func<List<Member>>)[])[("usual", Usual), ("random", RandomSearch), ("halving", Halving), ("population", Population)])
        {
            if (!methods.Contains(name, StringComparer.Ordinal))
            {
                continue;
            }

            using var process = Process.GetCurrentProcess();
            var before = process.TotalProcessorTime;
            (_updates, _validations) = (0, 0);
            var all = search();
            process.Refresh();
            var seconds = (process.TotalProcessorTime - before).TotalSeconds;
            var best = all.MinBy(member => member.Best)!;
            double[] sorted = [.. all.Select(member => member.Best).Order()];
            told(new PopulationResult(name, all.Count, _updates, _validations, seconds, best.Best, sorted[sorted.Length / 2], Scores(best.State!, recording), best.Settings));
        }
    }

    private List<Member> Usual()
    {
        var member = new Member(null);
        Train(member, Parts);
        return [member];
    }

    private List<Member> RandomSearch()
    {
        List<Member> all = [.. Enumerable.Range(0, members).Select(Drawn)];
        all.ForEach(member => Train(member, Parts));
        return all;
    }

    /// <summary>As many parts as the population has; what is left at the end, too little for the next step, is not spent.</summary>
    private List<Member> Halving()
    {
        var left = members * Parts;
        var all = new List<Member>();
        Dictionary<int, double>[] rungs = [.. s_rungs.Select(_ => new Dictionary<int, double>())];
        while (true)
        {
            var (next, rung) = PopulationRules.Promoted(rungs, HalveBy) is { } promoted ? (promoted.Training, promoted.Rung + 1) : (all.Count, 0);
            var parts = s_rungs[rung] - (rung == 0 ? 0 : s_rungs[rung - 1]);
            if (parts > left)
            {
                return all;
            }

            left -= parts;
            if (next == all.Count)
            {
                all.Add(Drawn(next));
            }

            Train(all[next], s_rungs[rung]);
            rungs[rung][next] = all[next].Best;
        }
    }

    private List<Member> Population()
    {
        List<Member> all = [.. Enumerable.Range(0, members).Select(Drawn)];
        for (var part = 1; part <= Parts; part++)
        {
            all.ForEach(member => Train(member, part));
            if (part == Parts)
            {
                break;
            }

            var random = new CounterRandom(seed, RandomStreams.Benchmarks, (2UL << 32) + (ulong)part);
            var from = PopulationRules.Tournaments([.. all.Select(member => member.Last)], ref random);
            var (reached, settings) = (all.Select(member => member.State!).ToArray(), all.Select(member => member.Settings!).ToArray());
            for (var i = 0; i < all.Count; i++)
            {
                if (from[i] != i)
                {
                    all[i].Settings = settings[from[i]].Perturbed(ref random);
                    all[i].State = PopulationRules.Copy(reached[from[i]], reached[i]);
                }
            }
        }

        return all;
    }

    /// <summary>The first members of each search are the same.</summary>
    private Member Drawn(int number)
    {
        var random = new CounterRandom(seed, RandomStreams.Benchmarks, (1UL << 32) + (ulong)number);
        return new Member(PopulationSettings.Drawn(ref random));
    }

    /// <summary>Trains until so many parts are done. One that cannot go on stays where it was.</summary>
    private void Train(Member member, int parts)
    {
        var options = member.Settings?.In(_configuration.Training) ?? _configuration.Training;
        var trainer = new Trainer<float>(_description!.Build<float>(), _trials!, options);
        if (member.State is { } state)
        {
            trainer.Resume(state);
        }
        else
        {
            _validations++;
        }

        var end = updates / Parts * parts;
        using var reached = new CancellationTokenSource();
        trainer.Run(
            record =>
            {
                _updates++;
                if (record.ValidationLoss is { } loss)
                {
                    _validations++;
                    member.Last = loss;
                }

                if (record.Iteration >= end)
                {
                    reached.Cancel();
                }
            },
            null, reached.Token);
        member.State = trainer.State;
    }

    /// <summary>Values and the groups to predict are hidden together, and scored.</summary>
    private IReadOnlyList<(string, double)> Scores(TrainingState<float> state, Recording recording)
    {
        var folder = Directory.CreateTempSubdirectory("ilqr-vae-population-");
        try
        {
            var path = Path.Combine(folder.FullName, "model.h5");
            ModelFile.Write(path, _description!, _description!.Build<float>(), state.BestRaw, new TrainingSummary(state.BestIteration, updates, state.Seconds, state.BestLoss));
            var hidden = recording.Groups.Where(group => group.Kind == ChannelKind.Values).Select(group => group.Name).Concat(predict).ToHashSet(StringComparer.Ordinal);
            var found = InferenceSession.Run(path, data, recording, new InferenceRequest { Split = "test", Hidden = hidden, Threads = 1 });
            return [.. EvaluationReport.Of(found).Groups.Where(group => group.IsHidden).Select(group => (group.Name, group.R2.Count > 0 ? group.MeanR2 : group.BitsPerSpike))];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private sealed class Member(PopulationSettings? settings)
    {
        public PopulationSettings? Settings { get; set; } = settings;

        public TrainingState<float>? State { get; set; }

        /// <summary>The loss of the last validation.</summary>
        public double Last { get; set; } = double.PositiveInfinity;

        public double Best => State is { BestLoss: var loss } && !double.IsNaN(loss) ? loss : double.PositiveInfinity;
    }
}

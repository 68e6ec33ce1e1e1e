using System.Collections;
using System.Diagnostics;
using System.Globalization;
using IlqrVae.Data;
using IlqrVae.Models;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Scores;
using IlqrVae.Runs.Sessions;
using IlqrVae.Simulation;
using IlqrVae.Training;
using IlqrVae.Training.Hiding;

namespace IlqrVae.Benchmarks;

/// <summary>What the process held at a moment.</summary>
/// <param name="Minutes">Since the start.</param>
/// <param name="Rounds">Rounds done by then.</param>
/// <param name="Resident">Resident memory in megabytes, as it is after work.</param>
/// <param name="Heap">Managed memory that is in use, in megabytes, after a collection.</param>
/// <param name="Handles">Open files and the like.</param>
/// <param name="Threads">Threads of the process.</param>
internal readonly record struct SoakSample(double Minutes, int Rounds, double Resident, double Heap, int Handles, int Threads);

/// <summary>
/// Trains and infers again and again in one process, as a night of work does, and samples what the process holds: each round is a recording of its own with trials of unequal lengths
/// and entries that were not recorded, learned with hidden channels, validated, saved after every few iterations, interrupted and gone on with, with a trial whose numbers are none now
/// and then; then inferred, scored, written and read; and a damaged file is refused.
/// </summary>
internal sealed class Soak(TimeSpan duration, int threads, Action<SoakSample>? told = null)
{
    private readonly List<SoakSample> _samples = [];

    /// <summary>Trials whose numbers overflowed and that learning left out, by its log.</summary>
    public int LeftOut { get; private set; }

    /// <summary>What a test does beside a round, to see that it is found.</summary>
    public Action? Beside { get; init; }

    /// <summary>The number of the first round; rounds differ.</summary>
    public int FirstRound { get; init; }

    /// <summary>Rounds that are done however long they take.</summary>
    public int LeastRounds { get; init; } = 1;

    /// <summary>Works for as long as was said.</summary>
    /// <returns>About 300 samples, evenly over the time.</returns>
    public IReadOnlyList<SoakSample> Run()
    {
        var clock = Stopwatch.StartNew();
        var folder = Directory.CreateTempSubdirectory("ilqr-vae-soak-");
        try
        {
            var next = TimeSpan.Zero;
            for (var round = 0; round < LeastRounds || clock.Elapsed < duration; round++)
            {
                Round(folder.FullName, FirstRound + round);
                Beside?.Invoke();
                if (clock.Elapsed >= next)
                {
                    next = clock.Elapsed + (duration / 300);
                    var sample = Sample(clock.Elapsed.TotalMinutes, round + 1);
                    _samples.Add(sample);
                    told?.Invoke(sample);
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        return _samples;
    }

    /// <summary>In what the last quarter of the samples holds more than the one before it, and than the second one, in words; null where it is flat.</summary>
    /// <param name="samples">Samples in their order; the first quarter, in which code is compiled and pools fill up, does not count.</param>
    public static string? Growth(IReadOnlyList<SoakSample> samples)
    {
        if (samples.Count < 8)
        {
            return $"{samples.Count} samples are too few to tell; let it run longer";
        }

        return Of("resident memory", sample => sample.Resident, 0.03, 4, "MB") ?? Of("managed memory", sample => sample.Heap, 0.03, 0.3, "MB") ?? Of("handles", sample => sample.Handles, 0, 2, "") ?? Of("threads", sample => sample.Threads, 0, 2, "");

        string? Of(string what, Func<SoakSample, double> quantity, double share, double least, string unit)
        {
            double[] quarters = [.. Enumerable.Range(0, 4).Select(quarter => Median(samples.Skip(quarter * samples.Count / 4).Take(((quarter + 1) * samples.Count / 4) - (quarter * samples.Count / 4)).Select(quantity)))];
            foreach (var earlier in (int[])[2, 1])
            {
                if (quarters[3] - quarters[earlier] > Math.Max(share * quarters[earlier], least))
                {
                    return string.Create(CultureInfo.InvariantCulture, $"{what} grew from {quarters[earlier]:F1} {unit} in quarter {earlier + 1} to {quarters[3]:F1} {unit} in the last (medians)");
                }
            }

            return null;
        }
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static SoakSample Sample(double minutes, int rounds)
    {
        using var process = Process.GetCurrentProcess();
        var resident = process.WorkingSet64 / 1e6;
        var heap = GC.GetTotalMemory(forceFullCollection: true) / 1e6;
        var handles = Directory.Exists("/proc/self/fd") ? Directory.GetFileSystemEntries("/proc/self/fd").Length : process.HandleCount;
        return new SoakSample(minutes, rounds, resident, heap, handles, process.Threads.Count);
    }

    private void Round(string folder, int round)
    {
        string At(string name) => Path.Combine(folder, name);
        RecordingFile.Write(At("data.h5"), Made(round));
        var recording = RecordingFile.Read(At("data.h5"));
        var configuration = new RunConfiguration
        {
            Data = At("data.h5"),
            Seed = (ulong)round + 1,
            Precision = round % 2 == 0 ? Precision.Double : Precision.Single,
            Model = new ModelSpecification { States = 4 + (round % 3), Inputs = 2 },
            Training = new TrainingOptions
            {
                Iterations = 12, BatchSize = 4, ValidationInterval = 4, CheckpointInterval = 3, Threads = threads, Objective = round % 3 == 0 ? LearningObjective.Predictive : LearningObjective.Elbo,
                Hide = [new ChannelHiding { Share = 0.25 }, new BinHiding()],
            },
        };
        var run = new RunFolder(At("run"));
        var poison = new Poison();
        var poisoned = round % 4 == 1 ? recording with { Trials = [.. recording.Trials.Select(trial => trial.Split == TrialSplit.Train ? trial with { Observations = new Poisoned(poison, trial) } : trial)] } : recording;
        TrainingSession.Run(configuration, poisoned, run, new TrainingRequest("soak", StopAfter: 7), new Told(progress => poison.IsIn = progress.Record.Iteration >= 2));
        LeftOut += File.ReadLines(run.Log).Count(line => line.Contains("overflowed in a trial", StringComparison.Ordinal));
        recording = RecordingFile.Read(At("data.h5"));
        TrainingSession.Run(configuration, recording, run, new TrainingRequest("soak", Resume: true));

        var found = InferenceSession.Run(run.Root, At("data.h5"), recording, new InferenceRequest { Split = "all", Samples = 3, ElboDraws = 4, Coverage = true, Threads = threads });
        _ = EvaluationReport.Of(found);
        PosteriorFile.Write(At("posterior.h5"), found.Description, found.Trials, found.Estimates, found.Hidden);
        PosteriorFile.ContentsOf(At("posterior.h5"), found.Description);
        var bytes = File.ReadAllBytes(run.Model);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(At("damaged.h5"), bytes[..^(round % 100)]);
        try
        {
            ModelFile.Read(At("damaged.h5"));
        }
        catch (InputException)
        {
            // As it should be.
        }

        Directory.Delete(run.Root, recursive: true);
    }

    /// <summary>Spikes of a Lorenz system in trials of 20 to 60 bins, the running mean of some of them as values, and a twentieth of all entries not recorded.</summary>
    private static Recording Made(int round)
    {
        var random = new Random(round);
        var whole = Simulations.Lorenz(LorenzOptions.Spiking with { Seed = (ulong)round, Trials = 16, ValidationTrials = 4, TestTrials = 4, Bins = 60, Channels = 12, MeanRate = 30 });
        return whole with
        {
            Groups = [whole.Groups[0], new ChannelGroup("values", ChannelKind.Values, 2)],
            Trials = [.. whole.Trials.Select(trial => Cut(trial, random.Next(20, 61), random))],
        };
    }

    private static Trial Cut(Trial trial, int bins, Random random)
    {
        var counts = trial.Observations[0].ToTable();
        var (spikes, values) = (new Table(bins, counts.Columns), new Table(bins, 2));
        for (var bin = 0; bin < bins; bin++)
        {
            counts.Row(bin).CopyTo(spikes.Row(bin));
            for (var column = 0; column < 2; column++)
            {
                values.Row(bin)[column] = (0.9 * (bin == 0 ? 0 : values.Row(bin - 1)[column])) + (0.1 * counts.Row(bin)[column]) + (0.05 * random.NextDouble());
            }
        }

        bool[] Recorded(int entries) => [.. Enumerable.Range(0, entries).Select(_ => random.Next(20) > 0)];
        return new Trial
        {
            Name = trial.Name,
            Bins = bins,
            Split = trial.Split,
            Observations = [Observations.FromCounts(spikes, Recorded(spikes.Values.Length)), Observations.FromValues(values, Recorded(values.Values.Length))],
        };
    }

    private sealed class Poison
    {
        public bool IsIn { get; set; }
    }

    /// <summary>What was recorded in a trial, until it is poisoned: a trial that learning has not read by then has values that are no numbers.</summary>
    private sealed class Poisoned(Poison poison, Trial trial) : IReadOnlyList<Observations>
    {
        private readonly IReadOnlyList<Observations> _sound = trial.Observations;

        public int Count => _sound.Count;

        public Observations this[int index] => poison.IsIn && index == 1 ? Observations.FromValues(new Table(_sound[1].Bins, _sound[1].Channels, [.. Enumerable.Repeat(double.NaN, _sound[1].Bins * _sound[1].Channels)])) : _sound[index];

        public IEnumerator<Observations> GetEnumerator() => Enumerable.Range(0, Count).Select(i => this[i]).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    /// <summary>Tells at once, in the thread that trains.</summary>
    private sealed class Told(Action<TrainingProgress> action) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => action(value);
    }
}

using System.Diagnostics;
using IlqrVae.Control;
using IlqrVae.Data;
using IlqrVae.Recordings;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;
using IlqrVae.Training.Processes;

namespace IlqrVae.Runs.NeuralLatents;

/// <summary>A submission to the Neural Latents Benchmark, ready to be written: expected spikes a bin that a run predicts of a recording.</summary>
/// <param name="File">The file.</param>
/// <param name="Group">The name of its group.</param>
/// <param name="TrainingTrials">Trials to learn decoders from.</param>
/// <param name="EvaluatedTrials">Trials to score.</param>
/// <param name="Bins">Bins of the window.</param>
/// <param name="ForwardBins">Bins after it.</param>
/// <param name="HeldIn">Number of neurons that inference saw.</param>
/// <param name="HeldOut">Number of neurons that it predicted.</param>
/// <param name="Hidden">Groups of the model that inference did not see.</param>
/// <param name="Converged">Trials whose inference converged.</param>
/// <param name="Seconds">Wall-clock time.</param>
/// <param name="Remarks">What the user should know, a sentence each.</param>
public sealed record NeuralLatentsPrediction(
    NeuralLatentsWriter File, string Group, int TrainingTrials, int EvaluatedTrials, int Bins, int ForwardBins, int HeldIn, int HeldOut, IReadOnlyList<string> Hidden, int Converged,
    double Seconds, IReadOnlyList<string> Remarks)
{
    // What inference finds of a trial is much larger than the rates that are kept.
    private const int TrialsAtATime = 64;

    /// <summary>
    /// Infers. Of every trial, of training trials too, inference sees the held-in neurons in the window and nothing else: no held-out neuron, no behaviour, no bin after
    /// the window. So a decoder that is fitted on the training trials meets rates of the same kind in the evaluated ones. External inputs of a model that takes them are
    /// known throughout.
    /// </summary>
    /// <param name="run">The run's folder, or a model file.</param>
    /// <param name="data">The dataset file.</param>
    /// <param name="recording">What it holds.</param>
    /// <param name="options">What is wanted.</param>
    /// <param name="byPosition">Whether channels are those of the model in the order of the recording, whatever their names.</param>
    /// <param name="threads">Worker threads; null or 0 for one a core.</param>
    /// <param name="progress">Told of every trial that is done; null for nobody.</param>
    /// <param name="processes">The processes that share the trials, each by the same call, of which the first alone has rates; null for this one alone.</param>
    /// <param name="interrupt">Stops the inference.</param>
    /// <exception cref="InputException">The recording does not fit the model, or has no such groups, trials or bins.</exception>
    public static NeuralLatentsPrediction Of(
        string run, string data, Recording recording, NeuralLatentsOptions options, bool byPosition = false, int? threads = null, IProgress<InferenceProgress>? progress = null,
        IProcessGroup? processes = null, CancellationToken interrupt = default)
    {
        processes ??= new OneProcess();
        var cut = NeuralLatentsCut.Of(recording, data, options);
        var path = RunFolder.ModelOf(run);
        var description = ModelFile.Read(path).Description;
        var places = cut.HeldIn.Concat(cut.HeldOut).ToDictionary(g => g, g => Place(description, recording.Groups[g].Name, path));
        var shown = cut.HeldIn.Select(g => recording.Groups[g].Name).ToHashSet(StringComparer.Ordinal);
        var hidden = description.Groups.Select(group => group.Name).Where(name => !shown.Contains(name)).ToHashSet(StringComparer.Ordinal);
        var clock = Stopwatch.StartNew();
        var remarks = new List<string>(cut.Remarks);
        if (description.ExternalNames.Count > 0)
        {
            remarks.Add($"the model takes external inputs ({string.Join(", ", description.ExternalNames)}), which it was given in all bins, those after the window included; the benchmark gives none.");
        }

        if (description.Fingerprint != RecordingFingerprint.Of(recording).Whole)
        {
            remarks.Add($"{path} learned from another recording than {data}; scores mean something only if the evaluated trials were not among its training or validation trials.");
        }

        var converged = 0;
        var done = 0;
        var file = new NeuralLatentsWriter(cut.Group);
        Infer(cut.Training, "train", withForward: false);
        Infer(cut.Evaluated, "eval", withForward: cut.Forward > 0);
        return new NeuralLatentsPrediction(
            file, cut.Group, cut.Training.Count, cut.Evaluated.Count, cut.Bins, cut.ForwardBins, cut.Neurons(cut.HeldIn), cut.Neurons(cut.HeldOut), [.. hidden.Order(StringComparer.Ordinal)],
            converged, clock.Elapsed.TotalSeconds, [.. remarks.Distinct(StringComparer.Ordinal)]);

        void Infer(IReadOnlyList<Trial> trials, string part, bool withForward)
        {
            var tables = new List<(IReadOnlyList<int> Groups, bool IsForward, float[] Values)>();
            foreach (var (groups, name) in new[] { (cut.HeldIn, "heldin"), (cut.HeldOut, "heldout") })
            {
                foreach (var isForward in withForward ? (bool[])[false, true] : [false])
                {
                    var bins = isForward ? cut.ForwardBins : cut.Bins;
                    var values = new float[cut.RequireEntries(trials.Count, bins, cut.Neurons(groups))];
                    tables.Add((groups, isForward, values));
                    file.Add($"{part}_rates_{name}{(isForward ? "_forward" : "")}", values, trials.Count, bins, cut.Neurons(groups));
                }
            }

            var atATime = TrialsAtATime * processes.Count;
            for (var first = 0; first < trials.Count; first += atATime)
            {
                var some = trials.Skip(first).Take(atATime).ToList();
                var found = InferenceSession.Run(
                    run, data, recording with { Trials = some },
                    new InferenceRequest { Split = "all", Hidden = hidden, ByPosition = byPosition, ForecastBins = cut.Forward, Threads = threads, Processes = processes },
                    progress is null ? null : new PartOfInference(progress, done, cut.Training.Count + cut.Evaluated.Count), interrupt);
                done += some.Count;
                converged += found.Estimates.Count(estimate => estimate.Map.Status == SolverStatus.Converged);
                remarks.AddRange(found.Remarks);
                foreach (var (groups, isForward, values) in processes.Number > 0 ? [] : tables)
                {
                    var channels = groups.SelectMany(g => Columns(recording, found, g).Select(column => (Group: places[g], Column: column))).ToArray();
                    var entries = (isForward ? cut.ForwardBins : cut.Bins) * channels.Length;
                    for (var i = 0; i < some.Count; i++)
                    {
                        var means = found.Estimates[i].Means;
                        cut.FillTrial(values.AsSpan((first + i) * entries, entries), some[i], channels.Length, isForward, (bin, column) =>
                        {
                            // Rates are in Hz.
                            var sum = 0.0;
                            for (var t = bin; t < bin + cut.Factor; t++)
                            {
                                sum += means[channels[column].Group][t, channels[column].Column] * recording.BinWidth;
                            }

                            return sum;
                        });
                    }
                }
            }
        }
    }

    /// <summary>The columns of inferred rates in the order of the recording's channels: inference goes by that of the model.</summary>
    private static IEnumerable<int> Columns(Recording recording, InferenceResult found, int group)
    {
        var (given, taken) = (recording.Groups[group], found.Recording.Groups[group]);
        if (given.ChannelNames is not { } names || taken.ChannelNames is not { } others || names.SequenceEqual(others, StringComparer.Ordinal))
        {
            return Enumerable.Range(0, given.Channels);
        }

        var places = others.Select((name, place) => (name, place)).ToDictionary(pair => pair.name, pair => pair.place, StringComparer.Ordinal);
        return names.Select(name => places[name]);
    }

    private static int Place(ModelDescription description, string group, string path)
    {
        var g = description.Groups.ToList().FindIndex(one => one.Name == group);
        return g >= 0 && description.IsRate(g)
            ? g
            : throw new InputException(
                $"{path}: the model has no rates of group '{group}', and a submission needs those of all neurons; train a model that explains it, held-out groups included.");
    }
}

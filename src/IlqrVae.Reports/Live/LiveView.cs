using System.Globalization;
using IlqrVae.Recordings;
using IlqrVae.Reports.Html;
using IlqrVae.Reports.Kinds;
using IlqrVae.Reports.Panels;
using IlqrVae.Reports.Tables;
using IlqrVae.Runs;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Reports.Live;

/// <summary>
/// Shows a training while it is at work: the page of a report on this machine's loopback address, whose sections come by and by. Learning curves follow the iterations; what
/// has to be inferred is of a few validation trials, by the parameters of the last checkpoint. All of that is done by one thread beside the training, from files that the
/// training writes in any case, only while somebody watches, and at most for a share of the time. It changes nothing of what is learned, and nothing that goes wrong here
/// reaches the training.
/// </summary>
public sealed class LiveView : IProgress<TrainingProgress>, IDisposable
{
    /// <summary>The share of the time for curves, and for what has to be inferred.</summary>
    private const double CurveShare = 0.002;
    private const double PictureShare = 0.006;

    /// <summary>Seconds from one to the next at least.</summary>
    private const double CurveInterval = 1;
    private const double PictureInterval = 5;

    /// <summary>Seconds by which the first curves, for which programs are compiled, may exceed their share.</summary>
    private const double CurveAllowance = 1;

    /// <summary>Trials that are inferred.</summary>
    private const int MostTrials = 3;

    /// <summary>What inferring a trial from rest, and drawing it, is reckoned to take before it was done: so many gradients of a trial, and at least so many seconds for all.</summary>
    private const double GradientsOfTrial = 20;
    private const double LeastSeconds = 1;

    private static readonly IPanelKind[] OfTrials = [new RasterPanels(), new RatePanels(), new BehaviourPanels(), new InputPanels()];

    private readonly string _data;
    private readonly Recording _recording;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly LiveFeed _feed;
    private readonly LiveServer _server;
    private readonly Thread _painter;
    private readonly AutoResetEvent _wake = new(false);
    private readonly CancellationTokenSource _stop = new();
    private readonly WorkBudget _curves = new(CurveShare, CurveInterval, CurveAllowance);
    private readonly WorkBudget _pictures;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<double>> _history = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _reached = new(StringComparer.Ordinal);
    private TrainingProgress? _latest;
    private bool _hasNews;
    private bool _isOver;
    private string _drawnModel = "";
    private string _trouble = "";

    private LiveView(string data, Recording recording, TimeProvider time, double pictureShare)
    {
        (_data, _recording, _time, _start) = (data, recording, time, time.GetTimestamp());
        _pictures = new WorkBudget(pictureShare, pictureShare < 1 ? PictureInterval : 0, 0);
        _feed = new LiveFeed(() => _wake.Set());
        var title = $"Learning from {Path.GetFileName(data)}";
        Put([new ReportSection("run", "What it learns from", "") { Tables = [RunWords.Data(new RecordingSource(recording, data))] }]);
        _server = new LiveServer(HtmlReport.LivePage(title, "Nothing is known yet."), _feed);
        _painter = new Thread(Paint) { IsBackground = true, Name = "live view" };
        _painter.Start();
    }

    /// <summary>Gets the address of the page, for browsers of this machine.</summary>
    public Uri Address => _server.Address;

    /// <summary>Gets the seconds that were spent on pictures so far.</summary>
    public double SecondsSpent => _curves.Spent + _pictures.Spent;

    /// <summary>Begins to serve the page.</summary>
    /// <param name="data">The dataset file, for sentences.</param>
    /// <param name="recording">What it holds.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <returns>The view; it ends when it is disposed of.</returns>
    /// <exception cref="InputException">No port can be opened.</exception>
    public static LiveView Start(string data, Recording recording, TimeProvider? time = null) => Start(data, recording, time, PictureShare);

    /// <summary>The same with another share of the time for what has to be inferred.</summary>
    internal static LiveView Start(string data, Recording recording, TimeProvider? time, double pictureShare)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(recording);
        return new LiveView(data, recording, time ?? TimeProvider.System, pictureShare);
    }

    /// <inheritdoc/>
    public void Report(TrainingProgress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        lock (_lock)
        {
            // Of several trainings at a time, which are told of by turns, the page follows the one that began last.
            var isBeside = _latest is not null && !string.Equals(value.Name, _latest.Name, StringComparison.Ordinal) && _reached.TryGetValue(value.Name, out var reached) && value.Record.Iteration > reached;
            _reached[value.Name] = value.Record.Iteration;
            if (isBeside)
            {
                return;
            }

            var isNew = _latest is null || value.Record.Iteration <= _latest.Record.Iteration || !string.Equals(value.Name, _latest.Name, StringComparison.Ordinal);
            if (isNew)
            {
                Begin(value);
            }

            if (_history["iteration"] is not [.., var last] || (int)last < value.Record.Iteration)
            {
                foreach (var (name, number) in HistoryFile.ValuesOf(value.Record))
                {
                    _history[name].Add(number ?? double.NaN);
                }
            }

            (_latest, _hasNews) = (value, true);
        }

        _wake.Set();
    }

    /// <summary>Shows the report of a run, in the place of what was shown while it was made.</summary>
    /// <param name="report">The report.</param>
    public void Show(Report report)
    {
        ArgumentNullException.ThrowIfNull(report);
        EndPainting();
        if (_feed.Readers > 0)
        {
            _feed.Put("head", HtmlReport.LiveHead(report.Title, report.Summary));
            Put(report.Sections);
        }
    }

    /// <summary>Says that training has ended; what is left is a report, or nothing.</summary>
    /// <param name="words">What to say on top.</param>
    public void EndOfTraining(string words)
    {
        EndPainting();
        if (_feed.Readers > 0 && Copy() is var (progress, history))
        {
            Try(() => DrawCurves(progress, history));
            _feed.Put("head", HtmlReport.LiveHead(TitleOf(progress), words));
        }
    }

    /// <summary>Ends the page, which keeps what it has, and frees the port.</summary>
    public void Dispose()
    {
        EndPainting();
        _feed.End(HtmlReport.LiveEnd("The program has ended. This page keeps what it shows until it is closed or loaded again."));
        _server.Dispose();
        _stop.Dispose();
        _wake.Dispose();
    }

    private double Now => _time.GetElapsedTime(_start).TotalSeconds;

    private void Begin(TrainingProgress progress)
    {
        // A training that goes on from a checkpoint has a past.
        var past = progress.Folder is { } folder && progress.Record.Iteration > 1 ? Past(folder) : null;
        foreach (var name in HistoryFile.Names)
        {
            _history[name] = past is null ? [] : [.. past[name]];
        }
    }

    private static IReadOnlyDictionary<string, double[]>? Past(RunFolder folder)
    {
        try
        {
            return HistoryFile.ReadIfAny(folder.History);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void EndPainting()
    {
        if (!_isOver)
        {
            _isOver = true;
            _stop.Cancel();
            _wake.Set();
            _painter.Join();
        }
    }

    /// <summary>What the thread beside the training does.</summary>
    private void Paint()
    {
        var wait = Timeout.InfiniteTimeSpan;
        while (true)
        {
            _wake.WaitOne(wait);
            wait = Timeout.InfiniteTimeSpan;
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            // Somebody who comes wakes this thread.
            if (_feed.Readers == 0 || _latest is null)
            {
                continue;
            }

            if (_hasNews && Now >= _curves.Due())
            {
                var (progress, history) = Copy()!.Value;
                Timed(_curves, () => DrawCurves(progress, history));
            }

            if (Stale() is var (folder, model))
            {
                _pictures.Expect(Math.Max(LeastSeconds, MostTrials * GradientsOfTrial * Environment.ProcessorCount / Math.Max(_latest.Record.TrialsPerSecond, 1e-6)));
                if (Now >= _pictures.Due())
                {
                    _drawnModel = model;
                    Timed(_pictures, () => DrawPicturesIfAny(folder, _latest.Configuration!));
                }
            }

            // Iterations may be many a second, and none may come for long.
            if (_hasNews)
            {
                wait = TimeSpan.FromSeconds(Math.Clamp(_curves.Due() - Now, 0.01, 60));
                if (wait > TimeSpan.FromMilliseconds(20))
                {
                    _stop.Token.WaitHandle.WaitOne(wait);
                    wait = TimeSpan.Zero;
                }
            }
        }
    }

    private void Timed(WorkBudget budget, Action work)
    {
        var from = Now;
        Try(work);
        budget.Done(from, Now);
    }

    private void Tell(string trouble)
    {
        if (!string.Equals(trouble, _trouble, StringComparison.Ordinal))
        {
            _trouble = trouble;
            _feed.Put("trouble", HtmlReport.LiveTrouble(trouble));
        }
    }

    /// <summary>Nothing that goes wrong here may end a training.</summary>
    private void Try(Action work)
    {
        try
        {
            work();
            Tell("");
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Training has ended meanwhile.
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            Tell($"Pictures could not be made: {exception.Message}");
        }
    }

    private (TrainingProgress Progress, IReadOnlyDictionary<string, double[]> History)? Copy()
    {
        lock (_lock)
        {
            _hasNews = false;
            return _latest is null ? null : (_latest, _history.ToDictionary(column => column.Key, column => column.Value.ToArray(), StringComparer.Ordinal));
        }
    }

    private string TitleOf(TrainingProgress progress) => $"Learning from {Path.GetFileName(_data)}{(progress.Name.Length > 0 ? $": {progress.Name}" : "")}";

    private void DrawCurves(TrainingProgress progress, IReadOnlyDictionary<string, double[]> history)
    {
        if (progress.Configuration is not { } configuration)
        {
            return;
        }

        var validation = history["validation_loss"];
        var best = Enumerable.Range(0, validation.Length).Where(i => double.IsFinite(validation[i])).Select(i => (int?)i).MinBy(i => validation[i!.Value]);
        var record = progress.Record;
        var sentences = new List<string>
        {
            string.Create(CultureInfo.InvariantCulture, $"Iteration {record.Iteration} of {progress.Iterations}, after {Wording.Duration(record.Seconds)} of training{(double.IsFinite(progress.SecondsLeft) ? $"; about {Wording.Duration(progress.SecondsLeft)} to go" : "")}."),
            string.Create(CultureInfo.InvariantCulture, $"{Capital(progress.Learned)} of the batch: {Wording.Number(-record.Loss, "0.0000")} nats per entry; learning rate {record.LearningRate:G3}."),
        };
        if (best is { } row)
        {
            sentences.Add(string.Create(CultureInfo.InvariantCulture, $"Validation: {Wording.Number(-progress.ValidationLoss, "0.0000")}, best {Wording.Number(-validation[row], "0.0000")} at iteration {history["iteration"][row]:0}."));
        }

        _feed.Put("head", HtmlReport.LiveHead(TitleOf(progress), string.Join(" ", sentences)));
        Put([new ReportSection("learning", "Learning", "") { Panels = LearningPanels.Of(configuration.Training, history, best is { } at ? (int)history["iteration"][at] : null) }], "s-run");
    }

    private static string Capital(string words) => words.Length == 0 ? "" : $"{char.ToUpperInvariant(words[0])}{words[1..]}";

    /// <summary>The folder whose model was written since it was last drawn, with what tells it from others; null where there is none.</summary>
    private (RunFolder Folder, string Model)? Stale()
    {
        if (_latest is not { Folder: { } folder, Configuration: not null } || new FileInfo(folder.Model) is not { Exists: true } file)
        {
            return null;
        }

        var model = string.Create(CultureInfo.InvariantCulture, $"{file.FullName} {file.LastWriteTimeUtc.Ticks}");
        return string.Equals(model, _drawnModel, StringComparison.Ordinal) ? null : (folder, model);
    }

    private void DrawPicturesIfAny(RunFolder folder, RunConfiguration configuration)
    {
        try
        {
            DrawPictures(folder, configuration);
        }
        catch (Exception exception) when (exception is InputException or IOException && !folder.HoldsRun)
        {
            // The folder of one of several trainings, which was removed meanwhile.
        }
    }

    private void DrawPictures(RunFolder folder, RunConfiguration configuration)
    {
        var trials = LearningTrials.Of(_recording, configuration.Training.Chunk, configuration.Training.ValidationShare);
        var split = trials.TrialsOf(TrialSplit.Validation).Count > 0 ? TrialSplit.Validation : TrialSplit.Train;
        var all = trials.TrialsOf(split);
        var count = Math.Min(MostTrials, all.Count);
        var few = trials with { Trials = [.. Enumerable.Range(0, count).Select(k => all[(int)((long)k * all.Count / count)])] };
        var (description, _, summary) = ModelFile.Read(folder.Model);
        var found = InferenceSession.Run(
            folder.Root, _data, few,
            new InferenceRequest { Split = split.ToString().ToLowerInvariant(), Hidden = ReportSource.UsuallyHidden(description, few), Noise = true, InputEffects = true, Threads = 1 },
            null, _stop.Token);
        var source = ReportSource.Of(found, _data, folder.Root);
        var words = $"{(count < all.Count ? $"{count} of the {all.Count}" : "All")} {RunWords.SplitOf(split.ToString().ToLowerInvariant())}trials, evenly over the recording, inferred by the parameters that were kept at iteration {summary?.Iterations ?? 0}. They change now and then, when a checkpoint has been written.";
        Put([RunReport.Trials(source, [.. Enumerable.Range(0, count).Select(trial => (trial, ""))], OfTrials, words), RunReport.Dynamics(source)], "s-learning");
    }

    private void Put(IReadOnlyList<ReportSection> sections, string after = "")
    {
        foreach (var (id, message) in HtmlReport.LiveSections(sections, after))
        {
            _feed.Put(id, message);
        }
    }
}

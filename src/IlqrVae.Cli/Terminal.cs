using System.Globalization;
using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Recordings;
using IlqrVae.Runs;
using IlqrVae.Runs.Sessions;
using IlqrVae.Runs.Sweeps;
using Spectre.Console;

namespace IlqrVae.Cli;

/// <summary>How much is said besides results.</summary>
internal enum Loudness
{
    /// <summary>Progress and remarks.</summary>
    Usual,

    /// <summary>Errors only.</summary>
    Quiet,

    /// <summary>Details too.</summary>
    Verbose,
}

/// <summary>
/// Where a command writes: results to the output, progress, remarks and errors to the error stream. With --json the output carries one JSON object and nothing
/// else. The one place that knows how progress looks: a bar that is written over on a terminal, else a line now and then.
/// </summary>
internal sealed class Terminal : IDisposable
{
    private static readonly TimeSpan LiveInterval = TimeSpan.FromSeconds(0.1);

    private readonly TextWriter _output;
    private readonly TextWriter _error;
    private readonly Screen _screen;
    private readonly Lock _lock = new();
    private readonly Timer _timer;
    private readonly Stack<Stage> _around = new();
    private Stage? _stage;
    private bool _isDeaf;
    private int _liveLength;

    /// <summary>Creates a terminal.</summary>
    /// <param name="output">For results.</param>
    /// <param name="error">For progress and errors.</param>
    /// <param name="screen">What the error stream can show.</param>
    /// <param name="interrupt">Cancelled by Ctrl-C and SIGTERM.</param>
    public Terminal(TextWriter output, TextWriter error, Screen screen, CancellationToken interrupt)
    {
        _output = output;
        _error = error;
        _screen = screen;
        Interrupt = interrupt;
        _timer = new Timer(_ => Tick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>For results.</summary>
    public TextWriter Output => _output;

    /// <summary>For progress and errors.</summary>
    public TextWriter Error => _error;

    /// <summary>Cancelled by Ctrl-C and SIGTERM.</summary>
    public CancellationToken Interrupt { get; }

    /// <summary>The command, by its name with those it belongs to: "nlb score".</summary>
    public string Command { get; set; } = "";

    /// <summary>Whether the output is to be one JSON object.</summary>
    public bool IsJson { get; set; }

    /// <summary>Whether nothing is said, results included: of processes that work together the first alone speaks.</summary>
    public bool IsSilent { get; set; }

    /// <summary>How much is said.</summary>
    public Loudness Loudness { get; set; }

    /// <summary>Writes a line of results, unless the output is JSON.</summary>
    public void WriteLine(string text = "") => Write(text + Environment.NewLine);

    /// <summary>Writes a text of results, unless the output is JSON.</summary>
    public void Write(string text)
    {
        lock (_lock)
        {
            ClearProgress();
            if (!IsJson && !IsSilent)
            {
                _output.Write(Wording.Printable(text));
            }
        }
    }

    /// <summary>Writes a table of results, unless the output is JSON.</summary>
    /// <param name="headers">Column headers; numbers are aligned to the right, the first column to the left.</param>
    /// <param name="rows">Rows of as many cells.</param>
    public void WriteTable(IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (IsJson || IsSilent)
        {
            return;
        }

        var table = new Spectre.Console.Table { Border = TableBorder.Simple };
        for (var i = 0; i < headers.Count; i++)
        {
            table.AddColumn(new TableColumn(new Text(headers[i])) { Alignment = i == 0 || headers[i].Length == 0 ? Justify.Left : Justify.Right, NoWrap = true });
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        // Results are words for people and programs alike, and never have colours.
        foreach (var line in Rendered(table, hasColours: false, width: 200).Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0))
        {
            WriteLine(line);
        }
    }

    /// <summary>Writes the one JSON object, if the output is JSON, with what it is first.</summary>
    public void WriteJson(Func<JsonObject> make)
    {
        if (!IsJson || IsSilent)
        {
            return;
        }

        var json = make();
        json.Insert(0, "schema", $"ilqr-vae/{Command.Replace(' ', '-')}/1");
        lock (_lock)
        {
            ClearProgress();
            _output.WriteLine(Json.Format(json));
        }
    }

    /// <summary>Begins to show the progress of some work, in place of what was shown before; work around it is shown again when it ends.</summary>
    /// <param name="name">What is being done, as "inferring".</param>
    /// <returns>To say how far it is.</returns>
    public Stage Begin(string name)
    {
        lock (_lock)
        {
            Close();
            _stage = new Stage(name);
            if (Loudness != Loudness.Quiet)
            {
                var interval = _screen.IsLive ? LiveInterval : _screen.Interval;
                _timer.Change(interval, interval);
            }

            return _stage;
        }
    }

    /// <summary>Ends what is shown.</summary>
    /// <param name="isKept">Whether its last line stays, and is written even where there was none yet.</param>
    public void End(bool isKept = false)
    {
        lock (_lock)
        {
            Close(isKept);
            ClearProgress();
            _stage = _around.TryPeek(out var around) ? around : null;
            if (_stage is null)
            {
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Says the last of what is shown, where that is to stay or where no time is to pass between lines, and not even the shortest work goes unsaid.</summary>
    private void Close(bool isKept = false)
    {
        if ((isKept || _screen.Interval == TimeSpan.Zero) && _stage is { } stage && Loudness != Loudness.Quiet && !_around.Contains(stage))
        {
            ClearProgress();
            var (full, rest, words) = stage.Line(_screen with { IsLive = false });
            Say($"{full}{rest}{words}{Environment.NewLine}");
        }
    }

    /// <summary>Writes a remark to the error stream.</summary>
    public void Remark(string text)
    {
        if (Loudness != Loudness.Quiet)
        {
            Fail(text);
        }
    }

    /// <summary>Writes remarks to the error stream, a line each.</summary>
    public void Remarks(IEnumerable<string> texts)
    {
        foreach (var text in texts)
        {
            Remark(text);
        }
    }

    /// <summary>Writes what only those want to know who ask for it.</summary>
    public void Detail(string text)
    {
        if (Loudness == Loudness.Verbose)
        {
            Fail(text);
        }
    }

    /// <summary>Writes what has to be known in any case: an error, or how to go on after one.</summary>
    public void Fail(string text)
    {
        lock (_lock)
        {
            ClearProgress();
            Say(Wording.Printable(text) + Environment.NewLine);
        }
    }

    /// <summary>Does work that writes nothing, and leaves it where it is when the user interrupts.</summary>
    /// <param name="name">What it is, as "importing".</param>
    /// <param name="work">The work.</param>
    /// <exception cref="OperationCanceledException">The user interrupted.</exception>
    public T Interruptible<T>(string name, Func<T> work) => Interruptible(name, _ => work());

    /// <summary>The same of work that says how far it is.</summary>
    public T Interruptible<T>(string name, Func<Stage, T> work) => During(name, stage => Task.Run(() => work(stage), Interrupt).WaitAsync(Interrupt).GetAwaiter().GetResult());

    /// <summary>Does work that says nothing of itself, and shows that it is going on.</summary>
    /// <param name="name">What it is, as "reading data.h5".</param>
    /// <param name="work">The work.</param>
    public T During<T>(string name, Func<T> work) => During(name, _ => work());

    private T During<T>(string name, Func<Stage, T> work)
    {
        Stage stage;
        lock (_lock)
        {
            stage = Begin(name);
            _around.Push(stage);
        }

        try
        {
            return work(stage);
        }
        finally
        {
            lock (_lock)
            {
                // What began within and was not ended goes with it. Where the work around was interrupted, this has gone with that.
                if (_around.Contains(stage))
                {
                    while (_around.Pop() != stage)
                    {
                    }

                    if (_stage != stage)
                    {
                        Close();
                        _stage = stage;
                    }

                    End();
                }
            }
        }
    }

    /// <summary>Whether nothing is shown, or work that has others within it and waits for them.</summary>
    private bool IsBetween => _stage is null || _around.Contains(_stage);

    /// <summary>Does the same with work that returns nothing.</summary>
    public void During(string name, Action work) => During(name, () =>
    {
        work();
        return true;
    });

    /// <summary>Reads a dataset.</summary>
    public Recording Read(string path) => During($"reading {Path.GetFileName(path)}", () => RecordingFile.Read(path));

    /// <summary>Shows how far a training is.</summary>
    /// <param name="remarks">What is to be said once it has begun: a training that is refused has one line to say.</param>
    /// <param name="details">What is to be told then to those who want details.</param>
    public IProgress<TrainingProgress> OfTraining(IEnumerable<string>? remarks = null, Func<IEnumerable<string>>? details = null)
    {
        const string name = "training";
        var stage = Begin(name);
        return new Watcher<TrainingProgress>(progress =>
        {
            Remarks(remarks ?? []);
            foreach (var detail in Loudness == Loudness.Verbose ? details?.Invoke() ?? [] : [])
            {
                Detail(detail);
            }

            (remarks, details) = (null, null);
            lock (_lock)
            {
                stage = IsBetween || progress.Record.Iteration == 1 ? Begin(name) : stage;
            }

            stage.Set(progress.Record.Iteration, progress.Iterations, () => Describe(progress), progress.SecondsLeft);
            if (progress.Record.ValidationLoss is not null)
            {
                Detail(Solves(progress));
            }

            if (progress.IsLast)
            {
                End(isKept: true);
            }
        });
    }

    /// <summary>Shows how far a fit is, by the time it was given.</summary>
    /// <param name="seconds">That time.</param>
    public IProgress<TrainingProgress> OfFit(double seconds)
    {
        var stage = Begin("fitting");
        var here = new SortedDictionary<string, TrainingProgress>(StringComparer.Ordinal);
        return new Watcher<TrainingProgress>(progress =>
        {
            lock (_lock)
            {
                _stage = IsBetween ? stage : _stage;
                here[progress.Name] = progress;
            }

            var elapsed = progress.FitSeconds;
            var several = here.Count > 1 ? OfSeveral(here.Select(one => (one.Key, one.Value.Record.Iteration, one.Value.Iterations))) : null;
            stage.Set(Math.Min(elapsed, seconds), seconds, () => several ?? Describe(progress), Math.Max(0, seconds - elapsed));
            if (progress.Record.ValidationLoss is not null)
            {
                Detail(Solves(progress));
            }

            if (progress.IsLast)
            {
                here.Remove(progress.Name);
            }
        });
    }

    /// <summary>Shows how far a sweep is.</summary>
    public IProgress<SweepProgress> OfSweep()
    {
        var stage = Begin("sweeping");
        var here = new SortedDictionary<string, (int Iteration, int Iterations)>(StringComparer.Ordinal);
        return new Watcher<SweepProgress>(progress =>
        {
            lock (_lock)
            {
                stage = IsBetween ? Begin("sweeping") : _stage!;
                if (progress.Training.Length > 0)
                {
                    here[progress.Training] = (progress.Iteration, progress.Iterations);
                }
                else
                {
                    here.Clear();
                }

                var words = OfSeveral(here.Select(one => (one.Key, one.Value.Iteration, one.Value.Iterations)));
                stage.Set(progress.Share, 1, () => $"{progress.Done} of {progress.Planned} trainings{(words.Length > 0 ? $"; {words}" : "")}");
            }
        });
    }

    /// <summary>Shows how far an inference is.</summary>
    /// <param name="name">What it is.</param>
    public IProgress<InferenceProgress> OfInference(string name = "inferring")
    {
        var stage = Begin(name);
        return new Watcher<InferenceProgress>(progress =>
        {
            lock (_lock)
            {
                stage = IsBetween || progress.Done == 0 ? Begin(name) : stage;
            }

            stage.Set(progress.Done, progress.Trials, () => Describe(progress));
            if (progress.Done == progress.Trials)
            {
                Detail($"{name}: {progress.Trials} trials, {progress.Activity?.Iterations ?? 0} iterations, {progress.Activity?.Factorisations ?? 0} factorisations, {progress.Activity?.Products ?? 0} Hessian products");
                End();
            }
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        End();
        _timer.Dispose();
    }

    private static string Describe(InferenceProgress progress)
    {
        var activity = progress.Activity;
        return $"{progress.Done} of {progress.Trials} trials{(activity is null ? "" : $", {activity.Iterations} iterations")}{(activity is { Samples: > 0 } ? $", {activity.Samples} samples" : "")}";
    }

    /// <summary>Trainings that go on at a time.</summary>
    private static string OfSeveral(IEnumerable<(string Name, int Iteration, int Iterations)> trainings)
        => string.Join(", ", trainings.Take(4).Select(one => $"{one.Name} {one.Iteration}/{one.Iterations}"));

    private static string Describe(TrainingProgress progress)
    {
        var record = progress.Record;
        var held = double.IsFinite(progress.ValidationLoss) ? string.Create(CultureInfo.InvariantCulture, $"  validation {-progress.ValidationLoss:0.0000}") : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"iteration {record.Iteration}/{progress.Iterations}  {progress.Learned} {-record.Loss:0.0000} nats per entry{held}  {record.TrialsPerSecond:0} trials/s");
    }

    private static string Solves(TrainingProgress progress)
    {
        var record = progress.Record;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"iteration {record.Iteration}: validation {-record.ValidationLoss:0.0000}, learning rate {record.LearningRate:G3}, gradient {record.GradientNorm:G3}; {record.Factorisations} factorisations, {record.NewtonSteps} Newton and {record.GradientSteps} gradient products, {record.Unconverged} unconverged, {record.FallBacks} fallen back, {record.Bounded} bounded");
    }

    private void Tick()
    {
        lock (_lock)
        {
            if (_stage is not { } stage || Loudness == Loudness.Quiet)
            {
                return;
            }

            var (full, rest, words) = stage.Line(_screen);
            if (!_screen.IsLive)
            {
                Say(words + Environment.NewLine);
                return;
            }

            var length = full.Length + rest.Length + words.Length;
            var bar = full.Length > 0 && _screen.HasColours ? Rendered(new Text(full, new Style(Color.Green)), hasColours: true, width: full.Length + 1).TrimEnd('\n', '\r') : full;
            Say($"\r{bar}{rest}{words}{new string(' ', Math.Max(0, _liveLength - length))}");
            _liveLength = length;
        }
    }

    private static string Rendered(Spectre.Console.Rendering.IRenderable what, bool hasColours, int width)
    {
        var rendered = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = hasColours ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = hasColours ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(rendered),
        });
        console.Profile.Width = width;
        console.Write(what);
        return rendered.ToString();
    }

    private void ClearProgress()
    {
        if (_liveLength > 0)
        {
            Say("\r" + new string(' ', _liveLength) + "\r");
            _liveLength = 0;
        }
    }

    /// <summary>Writes to the error stream. A terminal that was closed meanwhile must not end the work whose progress it showed.</summary>
    private void Say(string text)
    {
        if (_isDeaf || IsSilent)
        {
            return;
        }

        try
        {
            _error.Write(text);
            _error.Flush();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            _isDeaf = true;
        }
    }

    private sealed class Watcher<T>(Action<T> show) : IProgress<T>
    {
        public void Report(T value) => show(value);
    }
}

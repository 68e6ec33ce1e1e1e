using System.Globalization;
using System.Text.Json.Nodes;
using IlqrVae.Runs;
using IlqrVae.Runs.Sessions;
using Spectre.Console;

namespace IlqrVae.Cli;

/// <summary>
/// Where a command writes: results to the output, progress and warnings to the error stream. With --json the output carries one JSON object and nothing
/// else.
/// </summary>
internal sealed class Terminal
{
    private static readonly TimeSpan LiveInterval = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(10);

    private readonly TextWriter _output;
    private readonly TextWriter _error;
    private readonly bool _isLive;
    private bool _isDeaf;
    private int _liveLength;
    private DateTime _nextProgress = DateTime.MinValue;

    /// <summary>Creates a terminal.</summary>
    /// <param name="output">For results.</param>
    /// <param name="error">For progress and errors.</param>
    /// <param name="isLive">Whether lines on the error stream can be overwritten.</param>
    /// <param name="interrupt">Cancelled by Ctrl-C and SIGTERM.</param>
    public Terminal(TextWriter output, TextWriter error, bool isLive, CancellationToken interrupt)
    {
        _output = output;
        _error = error;
        _isLive = isLive;
        Interrupt = interrupt;
    }

    /// <summary>For results.</summary>
    public TextWriter Output => _output;

    /// <summary>For progress and errors.</summary>
    public TextWriter Error => _error;

    /// <summary>Cancelled by Ctrl-C and SIGTERM.</summary>
    public CancellationToken Interrupt { get; }

    /// <summary>Whether the output is to be one JSON object.</summary>
    public bool IsJson { get; set; }

    /// <summary>Whether nothing is said, results included: of processes that work together the first alone speaks.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Writes a line of results, unless the output is JSON.</summary>
    public void WriteLine(string text = "")
    {
        ClearProgress();
        if (!IsJson && !IsSilent)
        {
            _output.WriteLine(text);
        }
    }

    /// <summary>Writes a table of results, unless the output is JSON.</summary>
    /// <param name="headers">Column headers; numbers are aligned to the right, the first column to the left.</param>
    /// <param name="rows">Rows of as many cells.</param>
    public void WriteTable(IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows)
    {
        ClearProgress();
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

        var rendered = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(rendered),
        });
        console.Profile.Width = 200;
        console.Write(table);
        foreach (var line in rendered.ToString().Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0))
        {
            _output.WriteLine(line);
        }
    }

    /// <summary>Writes the one JSON object, if the output is JSON.</summary>
    public void WriteJson(Func<JsonObject> make)
    {
        ClearProgress();
        if (IsJson && !IsSilent)
        {
            _output.WriteLine(Json.Format(make()));
        }
    }

    /// <summary>Shows progress: in place on a terminal, else as a line now and then.</summary>
    /// <param name="text">The line, made only when it is shown.</param>
    /// <param name="isLast">Whether to show it in any case and keep it.</param>
    public void Progress(Func<string> text, bool isLast = false)
    {
        var now = DateTime.UtcNow;
        if (now < _nextProgress && !isLast)
        {
            return;
        }

        _nextProgress = now + (_isLive ? LiveInterval : PlainInterval);
        var line = text();
        if (!_isLive)
        {
            Say(line + Environment.NewLine);
            return;
        }

        line = line.Length > 118 ? line[..118] : line;
        Say("\r" + line.PadRight(_liveLength) + (isLast ? Environment.NewLine : ""));
        _liveLength = isLast ? 0 : line.Length;
    }

    /// <summary>Writes a remark to the error stream.</summary>
    public void Remark(string text)
    {
        ClearProgress();
        Say(text + Environment.NewLine);
    }

    /// <summary>Writes remarks to the error stream, a line each.</summary>
    public void Remarks(IEnumerable<string> texts)
    {
        foreach (var text in texts)
        {
            Remark(text);
        }
    }

    /// <summary>Does work that writes nothing, and leaves it where it is when the user interrupts.</summary>
    /// <exception cref="OperationCanceledException">The user interrupted.</exception>
    public T Interruptible<T>(Func<T> work) => Task.Run(work, Interrupt).WaitAsync(Interrupt).GetAwaiter().GetResult();

    /// <summary>Shows how far a training is.</summary>
    /// <param name="remarks">What is to be said once it has begun: a training that is refused has one line to say.</param>
    public IProgress<TrainingProgress> OfTraining(IEnumerable<string>? remarks = null) => new Watcher<TrainingProgress>(progress =>
    {
        Remarks(remarks ?? []);
        remarks = null;
        Progress(() => Describe(progress), progress.IsLast);
    });

    /// <summary>Shows how far an inference is.</summary>
    public IProgress<InferenceProgress> OfInference()
        => new Watcher<InferenceProgress>(progress => Progress(() => $"inferred {progress.Done} of {progress.Trials} trials"));

    private static string Describe(TrainingProgress progress)
    {
        var record = progress.Record;
        var left = double.IsFinite(progress.SecondsLeft) ? $"  {Wording.Duration(progress.SecondsLeft)} left" : "";
        var held = double.IsFinite(progress.ValidationLoss) ? string.Create(CultureInfo.InvariantCulture, $"  validation {-progress.ValidationLoss:0.0000}") : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"iteration {record.Iteration}/{progress.Iterations}  {progress.Learned} {-record.Loss:0.0000} nats per entry{held}  {record.TrialsPerSecond:0} trials/s{left}");
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
        catch (IOException)
        {
            _isDeaf = true;
        }
    }

    private sealed class Watcher<T>(Action<T> show) : IProgress<T>
    {
        public void Report(T value) => show(value);
    }
}

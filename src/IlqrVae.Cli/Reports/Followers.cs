using IlqrVae.Reports;
using IlqrVae.Reports.Drawing;
using IlqrVae.Reports.Kinds;
using IlqrVae.Reports.Live;
using IlqrVae.Reports.Panels;
using IlqrVae.Runs;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Cli.Reports;

/// <summary>Who follows a training besides the terminal: a page, event files, both or nobody.</summary>
/// <param name="view">The page; null for none.</param>
/// <param name="events">The event files; null for none.</param>
/// <param name="terminal">Where the address of the page is told.</param>
internal sealed class Followers(LiveView? view, TrainingEvents? events, Terminal terminal) : IDisposable
{
    private bool _hasTold;

    /// <summary>Gets the folder of event files; null for none.</summary>
    public string? Events => events?.Folder;

    /// <summary>Who is told of every iteration: the terminal, and those who follow.</summary>
    public IProgress<TrainingProgress> With(IProgress<TrainingProgress> shown) => view is null && events is null ? shown : new Progress(this, shown);

    /// <summary>Takes note that training is over.</summary>
    /// <param name="words">What became of it.</param>
    public void EndOfTraining(string words) => view?.EndOfTraining(words);

    /// <summary>Adds what has come of it.</summary>
    /// <param name="open">Opens the run.</param>
    /// <param name="report">Its report; null for none, and then nothing is inferred.</param>
    public void Finish(Func<ReportSource> open, Report? report)
    {
        if (report is not null)
        {
            view?.Show(report);
        }

        if (events is null)
        {
            return;
        }

        var source = open();
        IPanelKind[] kinds = report is null ? [new LearningPanels()] : [new LearningPanels(), new RasterPanels(), new RatePanels()];
        foreach (var kind in kinds)
        {
            if (kind.Make(source, PanelRequest.Usual).Panels is { Count: > 0 } panels)
            {
                using var png = new MemoryStream();
                new Figure(panels).WritePng(png);
                events.AddImage($"figures/{kind.Name}", png.ToArray());
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (view is not null)
        {
            view.Dispose();
            terminal.Detail($"watch: {Wording.Duration(view.SecondsSpent)} were spent on pictures while training was at work");
        }

        events?.Dispose();
    }

    private void Tell()
    {
        if (view is not null && !_hasTold)
        {
            _hasTold = true;
            terminal.Remark($"watch: {view.Address}");
        }
    }

    private sealed class Progress(Followers followers, IProgress<TrainingProgress> shown) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            // First the terminal, which has remarks to make: a training that is refused has one line to say, and no address.
            shown.Report(value);
            followers.Tell();
            followers.Report(value);
        }
    }

    private void Report(TrainingProgress value)
    {
        view?.Report(value);
        events?.Report(value);
    }
}

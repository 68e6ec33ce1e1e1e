using System.CommandLine;
using IlqrVae.Cli.Commands;
using IlqrVae.Recordings;
using IlqrVae.Reports.Live;
using IlqrVae.Runs.Files;

namespace IlqrVae.Cli.Reports;

/// <summary>How a training can be followed while it is at work, besides on the terminal.</summary>
internal sealed class FollowOptions
{
    private readonly Option<bool> _watch = new("--watch") { Description = "Show learning curves and pictures while training is at work, on a page of this machine alone; its address is told on standard error." };

    private readonly Option<string?> _tensorBoard = new("--tensorboard") { Description = "Write the numbers of the history as event files for TensorBoard too, and figures at the end; a folder of its own for each run.", HelpName = "FOLDER" };

    /// <summary>The options.</summary>
    public IEnumerable<Option> All => [_watch, _tensorBoard];

    /// <summary>Checks what was given.</summary>
    /// <exception cref="InputException">It cannot be done.</exception>
    public void Require(ParseResult result)
    {
        if (result.GetValue(_watch) && result.GetValue(Arguments.Quiet))
        {
            throw new InputException("--watch: the address of the page is told on standard error, where --quiet lets nothing be told; leave out one of them.");
        }

        if (result.GetValue(_tensorBoard) is { } folder)
        {
            TrainingEvents.Require(folder);
        }
    }

    /// <summary>Begins to follow a training.</summary>
    /// <param name="result">What was given.</param>
    /// <param name="data">The dataset file.</param>
    /// <param name="recording">What it holds.</param>
    /// <param name="terminal">Where the address is told.</param>
    /// <exception cref="InputException">It cannot be done.</exception>
    public Followers Begin(ParseResult result, string data, Recording recording, Terminal terminal)
    {
        Require(result);
        return new Followers(
            result.GetValue(_watch) ? LiveView.Start(data, recording) : null,
            result.GetValue(_tensorBoard) is { } folder ? new TrainingEvents(folder, terminal.Fail) : null,
            terminal);
    }
}

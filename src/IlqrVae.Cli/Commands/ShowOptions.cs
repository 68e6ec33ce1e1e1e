using System.CommandLine;
using IlqrVae.Reports;

namespace IlqrVae.Cli.Commands;

/// <summary>Options of commands that show a run: what is inferred, and how.</summary>
internal sealed class ShowOptions
{
    private readonly Option<string?> _split = Arguments.Split("Which trials of a run are inferred; by default the test trials, or validation or training trials where there are none.");
    private readonly Option<string[]> _hide = Arguments.Hide();
    private readonly Option<int?> _forecast = Arguments.Number<int?>("--forecast", "Bins at the end of every trial to treat as missing.", "BINS");
    private readonly Option<string[]> _gap = Arguments.Gap();
    private readonly Option<bool> _byPosition = Arguments.ByPosition();
    private readonly Option<ulong?> _seed = Arguments.Seed("Seed of what is drawn; by default the run's.");
    private readonly Option<int?> _threads = Arguments.Threads();

    public ShowOptions() => _hide.Description = "Channel groups that inference does not see; by default what was hidden in validation, and values where there are counts.";

    /// <summary>The dataset of the run.</summary>
    public Option<string?> Data { get; } = new("--data") { Description = "The dataset file; by default the one that the run was learned from.", HelpName = "data.h5" };

    /// <summary>All of them, in the order of the help.</summary>
    public IEnumerable<Option> All => [Data, _split, _hide, _forecast, _gap, _byPosition, _seed, _threads];

    /// <summary>What was asked for.</summary>
    /// <exception cref="InputException">A number is not possible.</exception>
    public ReportRequest Request(ParseResult result)
    {
        if (result.GetValue(_forecast) is < 0)
        {
            throw new InputException("--forecast: give a whole number from 0.");
        }

        if (result.GetValue(_threads) is < 0 and var wrong)
        {
            throw new InputException($"--threads: {wrong} is not possible; give a whole number from 1, or 0 for one a core.");
        }

        return new ReportRequest
        {
            Split = result.GetValue(_split),
            Hidden = result.GetValue(_hide) is { Length: > 0 } hidden ? Arguments.Names(hidden) : null,
            ForecastBins = result.GetValue(_forecast) ?? 0,
            Gaps = Arguments.Gaps(result.GetValue(_gap)),
            ByPosition = result.GetValue(_byPosition),
            Seed = result.GetValue(_seed),
            Threads = result.GetValue(_threads),
        };
    }
}

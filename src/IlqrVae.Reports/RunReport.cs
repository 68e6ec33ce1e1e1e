using IlqrVae.Reports.Kinds;
using IlqrVae.Reports.Panels;
using IlqrVae.Reports.Tables;
using IlqrVae.Runs;

namespace IlqrVae.Reports;

/// <summary>A run on one page: its sections in their order.</summary>
public static class RunReport
{
    /// <summary>Where no more trials than that are shown, close looks at long ones are added.</summary>
    private const int MostWithParts = 3;

    private const int PartsOfTrial = 3;
    private const int BinsOfPart = 400;

    /// <summary>Kinds that are shown of the trial that was chosen.</summary>
    private static readonly IPanelKind[] OfTrials = [new RasterPanels(), new RatePanels(), new BehaviourPanels(), new InputPanels(), new StatePanels()];

    /// <summary>Makes the report of a run. Infers, where that was not done; nothing else takes long but baselines, which have to be asked for.</summary>
    /// <param name="source">The run.</param>
    /// <param name="progress">Told the share of the sections that are made; null for nobody.</param>
    /// <returns>The report.</returns>
    public static Report Create(ReportSource source, IProgress<double>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        Func<ReportSection>[] parts =
            [
                () => new ReportSection("run", "What was fitted on what", RunWords.Remarks(source)) { Tables = [RunWords.Data(source), RunWords.Model(source)] },
                () => new ReportSection("scores", "Scores", ScoreTables.Words(source)) { Tables = ScoreTables.Of(source) },
                () => Section(source, "learning", "Learning", "", new LearningPanels()),
                () => Trials(source),
                () => Section(source, "averages", "Averages over trials", "", new PsthPanels()),
                () => Section(source, "latents", "Latent paths", "", new LatentPanels()),
                () => Section(source, "inputs", "Inputs", "Inputs are what the model needs from outside to explain a trial. Their signs, scales and mixtures are its own; when they are strong is what may be compared.", new PowerPanels(), new EventPanels(), new PriorPanels()),
                () => Dynamics(source),
                () => Section(source, "calibration", "Are intervals right?", "", new CalibrationPanels()),
                () => Section(source, "solver", "How inference went", $"{Words.Count(source.Trials.Count, "trial")} in {Wording.Duration(source.Inference.Seconds)}.", new SolverPanels()),
            ];
        var words = RunWords.Summary(source);
        var sections = new List<ReportSection>(parts.Length);
        foreach (var part in parts)
        {
            sections.Add(part());
            progress?.Report((double)sections.Count / parts.Length);
        }

        return new Report($"What was learned of {Path.GetFileName(source.Data)}", words, sections);
    }

    /// <summary>A section of the panels of some kinds, with the reasons why some are not there.</summary>
    internal static ReportSection Section(RecordingSource source, string name, string title, string words, params IReadOnlyList<IPanelKind> kinds)
    {
        var results = kinds.Select(kind => kind.Make(source, PanelRequest.Usual)).ToList();
        return new ReportSection(name, title, string.Join(" ", results.Select(result => result.Reason).Prepend(words).Where(sentence => sentence.Length > 0)))
        {
            Panels = [.. results.SelectMany(result => result.Panels)],
        };
    }

    /// <summary>What the learned system does by itself.</summary>
    internal static ReportSection Dynamics(ReportSource source)
        => Section(source, "dynamics", "Dynamics", "", source.Inference.Learned.Transition is null ? new FixedPointPanels() : new EigenvaluePanels());

    /// <summary>A section in which one trial is chosen among some.</summary>
    internal static ReportSection Trials(RecordingSource source, IReadOnlyList<(int Trial, string Words)> trials, IReadOnlyList<IPanelKind> kinds, string words)
    {
        var reasons = new List<string>();
        var choices = new List<ReportChoice>();
        foreach (var (trial, what) in trials)
        {
            var name = source.Trials[trial].Name;
            var results = kinds.Select(kind => kind.Make(source, new PanelRequest { Trial = name })).ToList();
            reasons.AddRange(results.Select(result => result.Reason).Where(reason => reason.Length > 0));
            choices.Add(new ReportChoice($"{name}{(what.Length > 0 ? $" ({what})" : "")}", [.. results.SelectMany(result => result.Panels)]));
            if (trials.Count <= MostWithParts && Lines.IsThinned(source.Trials[trial].Bins))
            {
                choices.AddRange(Parts(source, trial, kinds));
            }
        }

        return new ReportSection("trials", "Trials", string.Join(" ", reasons.Distinct(StringComparer.Ordinal).Take(4).Prepend(words)))
        {
            ChoiceOf = "trial",
            Choices = choices,
        };
    }

    /// <summary>Close looks at a trial of so many bins that its lines are thinned: near its start, in its middle and near its end.</summary>
    private static IEnumerable<ReportChoice> Parts(RecordingSource source, int trial, IReadOnlyList<IPanelKind> kinds)
    {
        var one = source.Trials[trial];
        for (var k = 0; k < PartsOfTrial; k++)
        {
            var first = (int)(((2L * k) + 1) * one.Bins / (2 * PartsOfTrial)) - (BinsOfPart / 2);
            var request = new PanelRequest { Trial = one.Name, Window = (first * source.BinWidth, (first + BinsOfPart) * source.BinWidth) };
            yield return new ReportChoice(request.Of(one.Name), [.. kinds.SelectMany(kind => kind.Make(source, request).Panels)]);
        }
    }

    private static ReportSection Trials(ReportSource source)
    {
        var trials = TrialChoice.Telling(source, source.Request.Choices);
        var words = trials.Count < source.Trials.Count
            ? $"{trials.Count} of the {source.Trials.Count} trials that were inferred: the one that the model explains best, the median one and the worst (by the log evidence an entry over each channel being constant), the median one of each condition where there are conditions, and others evenly over the recording."
            : "All trials that were inferred; best, median and worst explained are by the log evidence an entry over each channel being constant.";
        return Trials(source, trials, OfTrials, words);
    }
}

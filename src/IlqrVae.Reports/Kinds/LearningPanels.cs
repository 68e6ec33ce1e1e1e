using IlqrVae.Reports.Panels;
using IlqrVae.Training;

namespace IlqrVae.Reports.Kinds;

/// <summary>How learning went: the score of batches, smoothed, and that of the validation trials, against iterations and against time.</summary>
public sealed class LearningPanels : RunPanelKind
{
    /// <summary>The share of the iterations that one point of the smoothed line averages.</summary>
    private const int SmoothingShare = 50;

    /// <summary>The first of the iterations fall far below the rest and would squeeze it: the axis leaves this share of them out of account.</summary>
    private const int SettlingShare = 20;

    private const double SecondsPerMinute = 60;

    /// <inheritdoc/>
    public override string Name => "learning";

    /// <inheritdoc/>
    public override string Help => "learning curves: batches smoothed, validation trials, and the iteration that was kept";

    /// <inheritdoc/>
    public override PanelNeeds Needs => PanelNeeds.Run;

    /// <inheritdoc/>
    protected override PanelResult Make(ReportSource source, PanelRequest request)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.History is not { } history || history["iteration"].Length == 0)
        {
            return PanelResult.None("The run has no history of its training, so there is no learning curve: the model file was taken out of its folder, or training ended before its first iteration.");
        }

        return PanelResult.Of(Of(source.Configuration.Training, history, source.Summary?.Iteration));
    }

    /// <summary>The learning curves of a history.</summary>
    /// <param name="training">The settings of the training.</param>
    /// <param name="history">Columns, by the names of the history file; at least one iteration.</param>
    /// <param name="keptIteration">The iteration whose parameters are kept; null where that is not known.</param>
    internal static IReadOnlyList<Panel> Of(TrainingOptions training, IReadOnlyDictionary<string, double[]> history, int? keptIteration)
    {
        var iterations = history["iteration"];
        double[] minutes = [.. history["seconds"].Select(seconds => seconds / SecondsPerMinute)];
        double[] batches = [.. history["loss"].Select(loss => -loss)];
        double[] validation = [.. history["validation_loss"].Select(loss => -loss)];
        var isOneScore = training.ScoreOfValidation == training.Objective && training.Hide is not { Count: > 0 };
        var kept = keptIteration is { } one && Array.FindLastIndex(history["iteration"], iteration => (int)iteration == one) is >= 0 and var row ? row : (int?)null;
        var panels = new List<Panel>();
        foreach (var (axis, x, at) in ((Axis, double[], double)[])
            [(new Axis("iteration"), iterations, kept is { } k ? iterations[k] : double.NaN), (new Axis("time of training", "min"), minutes, kept is { } m ? minutes[m] : double.NaN)])
        {
            var curves = new Curves(training.ScoreOfValidation == LearningObjective.Predictive, axis, x, batches, validation, at, kept is null ? null : keptIteration);
            panels.AddRange(isOneScore ? [curves.Together()] : [.. new[] { curves.OfValidation(), curves.OfBatches() }.OfType<Panel>()]);
        }

        return panels;
    }

    /// <summary>The mean over neighbours, those that are not finite left out.</summary>
    internal static double[] Smooth(double[] values, int width)
    {
        var smooth = new double[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            smooth[i] = Words.Mean(values.Skip(Math.Max(0, i - (width / 2))).Take(Math.Min(i, width / 2) + 1 + (width / 2)));
        }

        return smooth;
    }

    private sealed class Curves(bool isGain, Axis axis, double[] x, double[] batches, double[] validation, double kept, int? keptIteration)
    {
        private const string Batches = "batches, smoothed";
        private const string Validation = "validation trials";

        private readonly int _width = Math.Max(1, batches.Length / SmoothingShare);

        private bool IsValidated => Array.Exists(validation, double.IsFinite);

        private string By => axis.Unit.Length == 0 ? "iterations" : "minutes";

        private string KeptSentence => keptIteration is not { } number ? ""
            : IsValidated ? $" The upright line marks iteration {number}, whose parameters were kept, since they score best on the validation trials."
            : $" The upright line marks iteration {number}, whose parameters were kept: the last ones, since there are no validation trials.";

        private string Smoothed => _width > 1
            ? $"Each point is the mean over {_width} iterations, since single batches differ by more than learning gains in one."
            : "Each point is a batch.";

        public Panel Together() => Make(
            "Learning",
            "score", IsValidated ? [OfBatchesLine(), OfValidationLine()] : [OfBatchesLine()],
            $"The score that is learned, in nats per observed entry; higher is better. {Smoothed}{(IsValidated ? " Validation trials took no part in learning; where their curve falls while that of batches rises, the model learns what is peculiar to the training trials." : "")}");

        public Panel? OfValidation() => !IsValidated ? null : Make(
            "Validation",
            isGain ? "gain over constants" : "score", [OfValidationLine()],
            isGain
                ? "How well the model predicts what is hidden of the validation trials (neurons in turn, and behaviour), in nats per hidden entry over each channel being constant: 0 is no better than constants, higher is better. Validation trials took no part in learning."
                : "The score of the validation trials, in nats per observed entry; higher is better. They took no part in learning.");

        public Panel OfBatches() => Make(
            "Training",
            "score of batches", [OfBatchesLine()],
            $"What is learned, in nats per entry, of the batches of training trials; higher is better. {Smoothed} It weighs hidden entries by themselves, so that it cannot be compared with the validation score.");

        private LineMark OfBatchesLine()
        {
            var (left, right) = Lines.Thin(x, Smooth(batches, _width));
            return new LineMark(Batches, PanelColor.Compared, left, right);
        }

        private LineMark OfValidationLine()
        {
            int[] at = [.. Enumerable.Range(0, validation.Length).Where(i => double.IsFinite(validation[i]))];
            var (left, right) = Lines.Thin([.. at.Select(i => x[i])], [.. at.Select(i => validation[i])]);
            return new LineMark(Validation, PanelColor.Found, left, right) { Width = 2 };
        }

        private Panel Make(string title, string label, IReadOnlyList<LineMark> lines, string caption)
        {
            var values = lines.SelectMany(line => line.Y).Where(double.IsFinite).ToList();
            var settled = lines.SelectMany(line => line.Y.Skip(line.Y.Count / SettlingShare)).Where(double.IsFinite).ToList();
            (double Low, double High)? limits = settled.Count > 1 && settled.Max() > settled.Min()
                ? (settled.Min() - (0.08 * (settled.Max() - settled.Min())), settled.Max() + (0.08 * (settled.Max() - settled.Min())))
                : null;
            var isCut = limits is { } range && values.Exists(value => value < range.Low || value > range.High);
            var overflowed = batches.Count(value => !double.IsFinite(value));
            return new Panel
            {
                Kind = "learning",
                Title = $"{title} against {By}",
                Caption = $"{caption}{KeptSentence}{(isCut ? " The axis leaves out how far it was off in the first twentieth." : "")}{(overflowed > 0 ? $" In {Words.Count(overflowed, "iteration")} numbers overflowed; {(overflowed == 1 ? "it is" : "they are")} left out of the line." : "")}",
                Description = $"{string.Join(" ", lines.Select(Describe))}{(double.IsFinite(kept) ? $" Kept: {(axis.Unit.Length == 0 ? $"iteration {Words.Of(kept)}" : $"what was reached after {Words.Of(kept, "min")}")}." : "")}",
                X = axis,
                Y = new Axis(label, "nats per entry") { Limits = limits },
                Marks = [.. lines, .. double.IsFinite(kept) ? [new RuleMark("kept", PanelColor.Muted, kept, true)] : (Mark[])[]],
                Multiples = "learning",
            };
        }

        private string Describe(LineMark line)
        {
            var finite = Enumerable.Range(0, line.Y.Count).Where(i => double.IsFinite(line.Y[i])).ToList();
            if (finite.Count == 0)
            {
                return $"{line.Name}: no finite number.";
            }

            var best = finite.MaxBy(i => line.Y[i]);
            return $"{line.Name}: from {Words.Of(line.Y[finite[0]])} to {Words.Of(line.Y[finite[^1]])} nats per entry, highest {Words.Of(line.Y[best])} at {(axis.Unit.Length == 0 ? $"iteration {Words.Of(line.X[best])}" : Words.Of(line.X[best], "min"))}.";
        }
    }
}

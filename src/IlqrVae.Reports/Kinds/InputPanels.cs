using System.Globalization;
using IlqrVae.Recordings;
using IlqrVae.Reports.Panels;
using IlqrVae.Runs.Scores;

namespace IlqrVae.Reports.Kinds;

/// <summary>The inferred inputs of a trial with their intervals; where the true ones are known, mapped to these.</summary>
public sealed class InputPanels : RunPanelKind
{
    /// <summary>Inputs that are shown.</summary>
    private const int Shown = 6;

    /// <inheritdoc/>
    public override string Name => "inputs";

    /// <inheritdoc/>
    public override string Help => "inferred inputs of a trial with their intervals, each by itself; with true ones where these are known";

    /// <inheritdoc/>
    protected override PanelResult Make(ReportSource source, PanelRequest request)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(request);
        var found = source.Inference;
        if (found.Learned.InputScale.Length == 0)
        {
            return PanelResult.None("The model has no inputs: its dynamics is autonomous.");
        }

        var trial = TrialChoice.Of(source, request.Trial);
        var estimate = found.Estimates[trial];
        if (estimate.Inputs.Bins < 2)
        {
            return PanelResult.None($"Trial '{estimate.Name}' has one bin, and an input leads from one bin to the next: it has none.");
        }

        if (!Array.TrueForAll(estimate.Inputs.Values, double.IsFinite))
        {
            return PanelResult.None($"The inputs of trial '{estimate.Name}' are not finite: numbers overflowed in its inference.");
        }

        return TruthTables.Complete(found.Trials[trial], "inputs") is { } truth && EvaluationReport.AlignInputs(found) is { } map && Array.Exists(map.R2PerColumn, double.IsFinite)
            ? PanelResult.Of([.. MostVarying(truth).Select(c => Mapped(source, trial, c, truth, map, request))])
            : PanelResult.Of([.. MostVarying(Scaled(source, trial)).Select(j => Own(source, trial, j, request))]);
    }

    /// <summary>The inputs in units of their prior's scales.</summary>
    internal static Table Scaled(ReportSource source, int trial)
    {
        var (inputs, scale) = (source.Inference.Estimates[trial].Inputs, source.Inference.Learned.StationaryScale);
        return new Table(inputs.Bins, inputs.Columns, [.. inputs.Values.Select((value, i) => value / scale[i % inputs.Columns])]);
    }

    /// <summary>The columns of the largest mean squares, in order of their numbers.</summary>
    internal static IReadOnlyList<int> MostVarying(Table table)
        => [.. Enumerable.Range(0, table.Columns).OrderByDescending(c => Lines.Column(table, c).Sum(value => value * value)).ThenBy(c => c).Take(Shown).Order()];

    /// <summary>An input drives the step from one bin to the next: it stands between their middles.</summary>
    private static double[] Time(int steps, double binWidth) => [.. Enumerable.Range(1, steps).Select(t => t * binWidth)];

    /// <summary>The steps between the bins that are shown, and out of the last of them where there is one.</summary>
    private static Range Steps(ReportSource source, int trial, PanelRequest request)
    {
        var (first, end) = request.Bins(source.Trials[trial], source.BinWidth);
        var last = source.Trials[trial].Bins - 1;
        return Math.Min(first, last - 1)..Math.Min(end, last);
    }

    private static Panel Own(ReportSource source, int trial, int j, PanelRequest request)
    {
        var found = source.Inference;
        var (estimate, scale) = (found.Estimates[trial], found.Learned.StationaryScale[j]);
        var part = Steps(source, trial, request);
        double[] mean = [.. Lines.Column(estimate.Inputs, j)[part].Select(value => value / scale)];
        double[] reach = [.. Lines.Column(estimate.InputDeviations, j)[part].Select(deviation => Intervals.HalfWidth * deviation / scale)];
        var steps = mean.Length;
        var name = string.Create(CultureInfo.InvariantCulture, $"input {j}");
        var largest = Enumerable.Range(0, steps).MaxBy(t => Math.Abs(mean[t]));
        var away = Enumerable.Range(0, steps).Count(t => double.IsFinite(reach[t]) && Math.Abs(mean[t]) > reach[t]);
        var more = found.Learned.InputScale.Length - Shown;
        return Make(
            source, trial, request, name, mean, reach, null, new Axis(name, "scales of its prior"),
            $"Inferred inputs of trial {request.Of(estimate.Name)}, in units of the scales of their prior (numbers from 0; signs and mixtures of inputs are the model's own, only what they do together has a meaning).{(more > 0 ? $" {Words.Count(more, "input")} of the least energy {(more == 1 ? "is" : "are")} not shown." : "")} Where the band leaves zero out, the data ask for an input; one bin of twenty does so by chance.",
            $"{name}: largest {Words.Of(mean[largest])} scales, {Words.Of((part.Start.Value + largest + 1) * source.BinWidth, "s")} into the trial; its interval leaves zero out in {Words.Percent((double)away / steps)} of the steps.");
    }

    private static Panel Mapped(ReportSource source, int trial, int c, Table truth, Evaluation.LinearAlignment map, PanelRequest request)
    {
        var found = source.Inference;
        var estimate = found.Estimates[trial];
        var part = Steps(source, trial, request);
        var mean = Lines.Column(map.Apply(estimate.Inputs), c)[part];
        double[] reach = estimate.LaplaceSpread is { InputCovariances.Count: > 0 } spread
            ? [.. Enumerable.Range(part.Start.Value, mean.Length).Select(t => Intervals.HalfWidth * Math.Sqrt(Variance(spread.InputCovariances, t, map, estimate.Inputs.Columns, truth.Columns, c)))]
            : [.. Enumerable.Repeat(double.NaN, mean.Length)];
        var name = string.Create(CultureInfo.InvariantCulture, $"true input {c}");
        var known = Lines.Column(truth, c)[part];
        var more = truth.Columns - Shown;
        return Make(
            source, trial, request, name, mean, reach, known, new Axis(name),
            $"True inputs of trial {request.Of(estimate.Name)} (dashed) and inferred ones after the affine map that fits them best, over all inferred trials; fitted on the trials it is shown on, so that it flatters a little.{(more > 0 ? $" {Words.Count(more, "input")} {(more == 1 ? "is" : "are")} not shown." : "")}",
            $"{name}: R2 after the map, over all inferred trials, {Words.Of(map.R2PerColumn[c])}; here the true input goes from {Words.Of(known.Min())} to {Words.Of(known.Max())}, the inferred from {Words.Of(mean.Min())} to {Words.Of(mean.Max())}.");
    }

    /// <summary>Of a mapped input: w' Cov(u) w.</summary>
    private static double Variance(IReadOnlyList<double> covariances, int t, Evaluation.LinearAlignment map, int inputs, int columns, int c)
    {
        var sum = 0.0;
        for (var i = 0; i < inputs; i++)
        {
            for (var j = 0; j < inputs; j++)
            {
                sum += map.Weights[(i * columns) + c] * covariances[(((t * inputs) + i) * inputs) + j] * map.Weights[(j * columns) + c];
            }
        }

        return sum;
    }

    private static Panel Make(
        ReportSource source, int trial, PanelRequest request, string name, double[] mean, double[] reach, double[]? truth, Axis axis, string caption, string description)
    {
        var one = source.Trials[trial];
        var bins = request.Bins(one, source.BinWidth);
        var time = Time(one.Bins - 1, source.BinWidth)[Steps(source, trial, request)];
        var (spans, words) = Spans.Of(source, trial, null, bins);
        var marks = new List<Mark>(spans) { new RuleMark("zero", PanelColor.Muted, 0, false) { InLegend = false } };
        if (Array.TrueForAll(reach, double.IsFinite))
        {
            var (x, low, high) = Lines.ThinBand(time, [.. mean.Zip(reach, (m, r) => m - r)], [.. mean.Zip(reach, (m, r) => m + r)]);
            marks.Add(new BandMark(Intervals.Name, PanelColor.Found, x, low, high));
        }

        var (left, right) = Lines.Thin(time, mean);
        marks.Add(new LineMark("inferred input", PanelColor.Found, left, right) { Width = 1.5 });
        if (truth is not null)
        {
            // Over what was inferred, which would cover it where the two agree.
            var (x, y) = Lines.Thin(time, truth);
            marks.Add(new LineMark("true input", PanelColor.Truth, x, y) { Dashed = true });
        }

        return new Panel
        {
            Kind = "inputs",
            Title = name,
            Caption = $"{caption} The band is the {Intervals.Name} of the input in each step, what the model does not know about itself left aside.{Lines.Remark(mean.Length)}{words}",
            Description = description,
            X = Lines.TimeAxis(bins, source.BinWidth),
            Y = axis,
            Marks = marks,
            Multiples = "inputs",
        };
    }
}

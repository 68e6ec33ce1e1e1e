using System.Globalization;
using IlqrVae.Recordings;
using IlqrVae.Reports.Panels;
using IlqrVae.Runs.Scores;

namespace IlqrVae.Reports.Kinds;

/// <summary>The latent states of a trial: mapped to the true ones where these are known, else along the principal components.</summary>
public sealed class StatePanels : RunPanelKind
{
    /// <summary>States or components that are shown.</summary>
    private const int Shown = 6;

    /// <summary>Components with less of the variance are nothing to look at.</summary>
    private const double LeastShare = 0.01;

    /// <inheritdoc/>
    public override string Name => "states";

    /// <inheritdoc/>
    public override string Help => "latent states of a trial along their principal components; with true ones where these are known";

    /// <inheritdoc/>
    protected override PanelResult Make(ReportSource source, PanelRequest request)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(request);
        var found = source.Inference;
        var trial = TrialChoice.Of(source, request.Trial);
        var states = found.Estimates[trial].States;
        var bins = request.Bins(found.Trials[trial], source.BinWidth);
        if (!Array.TrueForAll(states.Values, double.IsFinite))
        {
            return PanelResult.None($"The states of trial '{found.Trials[trial].Name}' are not finite: numbers overflowed in its inference.");
        }

        if (TruthTables.Complete(found.Trials[trial], "states") is { } truth && EvaluationReport.AlignStates(found) is { } map)
        {
            var mapped = map.Apply(states);
            return PanelResult.Of([.. Enumerable.Range(0, Math.Min(Shown, truth.Columns)).Select(c => Mapped(source, trial, c, Lines.Rows(truth, bins), Lines.Rows(mapped, bins), map.R2PerColumn[c], bins, request))]);
        }

        return source.Principal is { } principal
            ? PanelResult.Of(Components(source, trial, Lines.Rows(states, bins), principal, bins, request))
            : PanelResult.None("The inferred states do not vary, in any trial.");
    }

    private static Panel Mapped(ReportSource source, int trial, int c, Table truth, Table mapped, double r2, (int First, int End) bins, PanelRequest request)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"true state {c}");
        var (known, inferred) = (Lines.Column(truth, c), Lines.Column(mapped, c));
        var time = Lines.Time(bins.End, source.BinWidth)[bins.First..];
        var ((tx, ty), (ix, iy)) = (Lines.Thin(time, known), Lines.Thin(time, inferred));
        var (spans, words) = Spans.Of(source, trial, null, bins);
        return new Panel
        {
            Kind = "states",
            Title = name,
            Caption = $"True states of trial {request.Of(source.Trials[trial].Name)} (dashed) and inferred ones after the affine map that fits them best, over all inferred trials; fitted on the trials it is shown on, so that it flatters a little.{(truth.Columns > Shown ? $" The first {Shown} of {truth.Columns} are shown." : "")}{Lines.Remark(known.Length)}{words}",
            Description = $"{name}: R2 after the map, over all inferred trials, {Words.Of(r2)}; here it goes from {Words.Of(known.Min())} to {Words.Of(known.Max())}, the inferred one from {Words.Of(inferred.Min())} to {Words.Of(inferred.Max())}.",
            X = Lines.TimeAxis(bins, source.BinWidth),
            Y = new Axis(name),
            Marks = [.. spans, new LineMark("inferred, mapped", PanelColor.Found, ix, iy) { Width = 2 }, new LineMark("true", PanelColor.Truth, tx, ty) { Dashed = true }],
            Multiples = "states",
        };
    }

    private static Panel Components(ReportSource source, int trial, Table states, Principal principal, (int First, int End) bins, PanelRequest request)
    {
        var shown = Math.Max(1, Math.Min(Shown, principal.Shares.Count(share => share >= LeastShare)));
        var time = Lines.Time(bins.End, source.BinWidth)[bins.First..];
        var (spans, words) = Spans.Of(source, trial, null, bins);
        var lines = Enumerable.Range(0, shown).Select(k =>
        {
            var (x, y) = Lines.Thin(time, principal.Along(states, k));
            return new LineMark(string.Create(CultureInfo.InvariantCulture, $"component {k + 1}"), PanelColor.Series(k), x, y) { Width = 1.5 };
        }).ToList();
        return new Panel
        {
            Kind = "states",
            Title = $"Latent states, trial {request.Of(source.Trials[trial].Name)}",
            Caption = $"The latent state along the principal components of all inferred trials, which hold {Words.List(principal.Shares.Take(shown).Select(Words.Percent))} of its variance. Which coordinates a model uses is arbitrary, and so is the scale; what has a meaning is how the state moves.{Lines.Remark(states.Bins)}{words}",
            Description = string.Join(" ", lines.Select(line => $"{line.Name}: from {Words.Of(line.Y.Min())} to {Words.Of(line.Y.Max())}.")),
            X = Lines.TimeAxis(bins, source.BinWidth),
            Y = new Axis("latent state"),
            Marks = [.. spans, .. lines],
        };
    }
}

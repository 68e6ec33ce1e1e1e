using IlqrVae.Control;
using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Kinds;

/// <summary>How inference went, trial by trial: iterations, and how it ended.</summary>
public sealed class SolverPanels : RunPanelKind
{
    /// <inheritdoc/>
    public override string Name => "solver";

    /// <inheritdoc/>
    public override string Help => "iterations of inference and how it ended, trial by trial";

    /// <inheritdoc/>
    protected override PanelResult Make(ReportSource source, PanelRequest request)
    {
        ArgumentNullException.ThrowIfNull(source);
        var (found, report) = (source.Inference, source.Inference.Estimates.Select(estimate => estimate.Map).ToList());
        var marks = Enum.GetValues<SolverStatus>().Select(status =>
        {
            int[] members = [.. Enumerable.Range(0, report.Count).Where(i => report[i].Status == status)];
            return new PointMark(NameOf(status), ColorOf(status), [.. members.Select(i => (double)i)], [.. members.Select(i => (double)report[i].Iterations)])
            {
                Shape = ShapeOf(status),
                Labels = [.. members.Select(i => $"{found.Trials[i].Name}: {report[i].Iterations} iterations, {NameOf(status)}")],
            };
        }).Where(mark => mark.X.Count > 0).ToList();
        var others = Enumerable.Range(0, report.Count).Where(i => report[i].Status != SolverStatus.Converged).Select(i => $"{found.Trials[i].Name} ({NameOf(report[i].Status)})").ToList();
        var replaced = found.Estimates.Count(estimate => estimate.IsGaussNewton);
        var most = Enumerable.Range(0, report.Count).MaxBy(i => report[i].Iterations);
        return PanelResult.Of(new Panel
        {
            Kind = "solver",
            Title = "Inference, trial by trial",
            Caption = $"Iterations that the search for the most likely inputs of each trial took, in the order of the recording, and how it ended. What is inferred of a trial that did not converge is the best point found, and its uncertainty is not to be trusted.{(replaced > 0 ? $" In {Words.Count(replaced, "trial")} the exact Hessian was not positive definite and the Gauss-Newton one stood in for it." : "")}",
            Description = $"{report.Count - others.Count} of {Words.Count(report.Count, "trial")} converged; {Words.Of(report.Average(one => one.Iterations))} iterations on average, most ({report[most].Iterations}) in {found.Trials[most].Name}.{(others.Count > 0 ? $" Not converged: {Words.List(others)}." : "")}",
            X = new Axis("trial") { Limits = (-0.5, report.Count - 0.5) },
            Y = new Axis("iterations") { Limits = (0, (1.08 * report[most].Iterations) + 1) },
            Marks = marks,
            Aspect = 0.4,
        });
    }

    private static string NameOf(SolverStatus status) => status switch
    {
        SolverStatus.Converged => "converged",
        SolverStatus.MaximumIterations => "limit of iterations",
        SolverStatus.Stalled => "no further decrease",
        _ => "numbers overflowed",
    };

    private static PanelColor ColorOf(SolverStatus status) => status == SolverStatus.Converged ? PanelColor.Found : status == SolverStatus.NonFinite ? PanelColor.Truth : PanelColor.Compared;

    private static PointShape ShapeOf(SolverStatus status) => status switch
    {
        SolverStatus.Converged => PointShape.Disc,
        SolverStatus.MaximumIterations => PointShape.Circle,
        SolverStatus.Stalled => PointShape.Diamond,
        _ => PointShape.Cross,
    };
}

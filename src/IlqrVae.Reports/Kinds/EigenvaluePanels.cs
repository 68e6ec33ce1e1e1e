using System.Numerics;
using IlqrVae.Reports.Panels;
using IlqrVae.Runs.Scores;

namespace IlqrVae.Reports.Kinds;

/// <summary>The eigenvalues of linear dynamics, beside the true ones where these are known.</summary>
public sealed class EigenvaluePanels : RunPanelKind
{
    /// <inheritdoc/>
    public override string Name => "eigenvalues";

    /// <inheritdoc/>
    public override string Help => "eigenvalues of linear dynamics in the complex plane, with their time constants and frequencies";

    /// <inheritdoc/>
    protected override PanelResult Make(ReportSource source, PanelRequest request)
    {
        ArgumentNullException.ThrowIfNull(source);
        var learned = LearnedPart.Of(source.Inference);
        if (learned.Eigenvalues.Count == 0)
        {
            return PanelResult.None($"The dynamics ('{learned.Model.DynamicsKind}') is not linear, so it has no eigenvalues of its own; those at its fixed points are among 'fixed-points'.");
        }

        if (!learned.Eigenvalues.All(Complex.IsFinite))
        {
            return PanelResult.None("The matrix of the dynamics has numbers that are not finite, so that it has no eigenvalues.");
        }

        var (values, width, isTold) = (learned.Eigenvalues, source.BinWidth, learned.TrueEigenvalues.Count > 0 && learned.TrueEigenvalues.All(Complex.IsFinite));
        var turning = values.Where(value => value.Imaginary > 1e-9).ToList();
        var slowest = values[0];
        var marks = new List<Mark> { Plane.Circle() };
        if (isTold)
        {
            marks.Add(Plane.Points("true", PanelColor.Truth, learned.TrueEigenvalues, width, PointShape.Circle));
        }

        marks.Add(Plane.Points("learned", PanelColor.Found, values, width, PointShape.Cross));
        return PanelResult.Of(new Panel
        {
            Kind = "eigenvalues",
            Title = "Eigenvalues of the dynamics",
            Caption = $"How the latent state goes on by itself from one bin ({Words.Of(1000 * width, "ms")}) to the next: a mode inside the unit circle decays, the nearer to it the more slowly; off the real axis it turns. Eigenvalues do not depend on the coordinates of the latent space.{(isTold ? " Circles are those of the linear system that the true states and inputs follow." : "")} They say how the model carries information along, which inputs may do as well: slow modes may be replaced by inputs that go on.",
            Description = $"{Words.Count(values.Count, "eigenvalue")}, largest modulus {Words.Of(slowest.Magnitude)}: {Plane.Meaning(slowest, width)}. {(turning.Count == 0 ? "None turns." : $"{Words.Count(turning.Count, "pair")} turn{(turning.Count == 1 ? "s" : "")}, at {Words.List(turning.Select(value => Words.Of(Plane.Frequency(value, width), "Hz")))}.")}{(isTold ? $" Largest distance to the true one, matched one by one: {Words.Of(learned.LargestDistance)}." : "")}",
            X = Plane.Axis("real part", values.Concat(learned.TrueEigenvalues).Select(value => value.Magnitude)),
            Y = Plane.Axis("imaginary part", values.Concat(learned.TrueEigenvalues).Select(value => value.Magnitude)),
            Marks = marks,
            EqualUnits = true,
            Aspect = 1,
        });
    }
}

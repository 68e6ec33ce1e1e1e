using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Control;

/// <summary>
/// Armijo backtracking from the full step (Nocedal and Wright, Algorithm 3.1), each step rolled out with feedback around the tangent:
/// <code>
/// u_t = ubar_t + alpha du_t + K_t (z_t - zbar_t - alpha dz_t)
/// </code>
/// For a Gauss-Newton direction, du = k + K dz, this is iLQR's forward pass (Tassa, Erez and Todorov, 2012, Eq. 8, with a step).
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed unsafe class LineSearch<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Steps tried at most.</summary>
    private const int Steps = 12;

    /// <summary>Of these so many halve the one before; the others take a tenth of it: 1, 1/2 .. 1/32, 1/320, ...</summary>
    private const int Halvings = 5;

    private readonly ShootingProblem<T> _problem;
    private readonly RiccatiFactors<T> _factors;
    private readonly Matrix<T> _next;
    private bool _tapeIsCandidates;

    /// <summary>Allocates a candidate beside a trajectory.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="factors">Whose gains feed back.</param>
    /// <param name="current">The trajectory, whose tape the candidate shares.</param>
    public LineSearch(ShootingProblem<T> problem, RiccatiFactors<T> factors, Trajectory<T> current)
    {
        _problem = problem;
        _factors = factors;
        _next = Matrix<T>.Allocate(1, problem.StateCount);
        Candidate = new Trajectory<T>(current);
    }

    /// <summary>The last trajectory tried.</summary>
    public Trajectory<T> Candidate { get; private set; }

    /// <summary>Prepares for a problem of so many bins.</summary>
    /// <param name="bins">Number of bins.</param>
    public void Begin(int bins)
    {
        Candidate.SetBins(bins);
        _tapeIsCandidates = false;
    }

    /// <summary>Searches along a direction.</summary>
    /// <param name="current">Where it starts.</param>
    /// <param name="gradient">The gradient there.</param>
    /// <param name="direction">The direction.</param>
    /// <param name="sufficientDecrease">Share of the predicted decrease that a step must achieve.</param>
    /// <param name="ceiling">A cost that is accepted in any case.</param>
    /// <param name="mayLengthen">Whether to look beyond the full step.</param>
    /// <returns>The accepted step, or 0. The candidate holds its trajectory.</returns>
    public double Search(
        Trajectory<T> current, InputVector<T> gradient, SearchDirection<T> direction, double sufficientDecrease, double ceiling, bool mayLengthen)
    {
        var slope = gradient.Dot(direction.Direction);
        if (!(slope < 0))
        {
            return 0;
        }

        var step = 1.0;
        for (var k = 0; k < Steps; k++)
        {
            var allowed = Math.Max(current.Cost + (sufficientDecrease * step * slope), ceiling);
            if (RollOut(current, direction, T.CreateChecked(step)) <= allowed)
            {
                return mayLengthen && k == 0 ? Lengthen(current, direction) : step;
            }

            step *= k < Halvings ? 0.5 : 0.1;
        }

        return 0;
    }

    /// <summary>Rolls a step out into the candidate.</summary>
    /// <param name="current">Where it starts.</param>
    /// <param name="direction">The direction.</param>
    /// <param name="step">alpha.</param>
    /// <returns>The cost; infinity where it is not a number.</returns>
    public double RollOut(Trajectory<T> current, SearchDirection<T> direction, T step)
    {
        var n = _problem.StateCount;
        var m = _problem.InputCount;
        _tapeIsCandidates = true;
        var deviation = stackalloc T[Matrix<T>.PaddedLength(n)];
        Elementwise.Clear(deviation, Matrix<T>.PaddedLength(n));
        var z = Candidate.States.RowPointer(0);
        Elementwise.Copy(current.States.RowPointer(0), z, n);
        Gemv.AddScaled(step, direction.States.RowPointer(0), z, n);
        for (var t = 0; t < current.Bins - 1; t++)
        {
            var ahead = t + Prefetch.Distance;
            _factors.PrefetchGain(ahead);
            Prefetch.Row(current.States, ahead);
            Prefetch.Row(current.Inputs, ahead);
            Prefetch.Row(direction.States, ahead);
            Prefetch.Row(direction.Direction.Inputs, ahead);
            z = Candidate.States.RowPointer(t);
            Elementwise.Subtract(z, current.States.RowPointer(t), deviation, n);
            Gemv.AddScaled(-step, direction.States.RowPointer(t), deviation, n);
            var u = Candidate.Inputs.RowPointer(t);
            Gemv.Multiply(_factors.Gain(t), deviation, u);
            Gemv.AddScaled(T.One, current.Inputs.RowPointer(t), u, m);
            Gemv.AddScaled(step, direction.Direction.Inputs.RowPointer(t), u, m);
            _problem.Step(t, z, u, Candidate.States.RowPointer(t + 1), Candidate.TapeRow(t));
        }

        GC.KeepAlive(current);
        direction.KeepAlive();
        GC.KeepAlive(this);
        return Candidate.Cost = IterativeLqr<T>.FiniteOrInfinite(_problem.Cost(Candidate));
    }

    /// <summary>Takes the candidate for the next iterate, and the room of the old one for candidates.</summary>
    /// <param name="current">The old iterate.</param>
    /// <returns>The new one.</returns>
    public Trajectory<T> Accept(Trajectory<T> current)
    {
        _tapeIsCandidates = false;
        var accepted = Candidate;
        Candidate = current;
        return accepted;
    }

    /// <summary>Current and candidate share one tape: restores the current one's after candidates that were not accepted.</summary>
    /// <param name="current">The current iterate.</param>
    public void RestoreTape(Trajectory<T> current)
    {
        if (_tapeIsCandidates)
        {
            RecordTape(current);
        }
    }

    /// <summary>Records the step from every state and input of a trajectory, wherever it leads.</summary>
    /// <param name="current">The trajectory; its states need not follow from one another.</param>
    public void RecordTape(Trajectory<T> current)
    {
        for (var t = 0; current.Tape.Rows > 0 && t < current.Bins - 1; t++)
        {
            _problem.Step(t, current.States.RowPointer(t), current.Inputs.RowPointer(t), _next.Pointer, current.TapeRow(t));
        }

        GC.KeepAlive(current);
        GC.KeepAlive(this);
        _tapeIsCandidates = false;
    }

    /// <summary>
    /// Rolls a trajectory out whose states do not all follow from one another: the candidate begins where it begins, and where the two part the gains correct
    /// the inputs, u_t = ubar_t + K_t (z_t - zbar_t).
    /// </summary>
    /// <param name="current">The trajectory to follow.</param>
    public void Follow(Trajectory<T> current)
    {
        var n = _problem.StateCount;
        var m = _problem.InputCount;
        _tapeIsCandidates = true;
        var deviation = stackalloc T[Matrix<T>.PaddedLength(n)];
        Elementwise.Clear(deviation, Matrix<T>.PaddedLength(n));
        Elementwise.Copy(current.States.RowPointer(0), Candidate.States.RowPointer(0), n);
        for (var t = 0; t < current.Bins - 1; t++)
        {
            var z = Candidate.States.RowPointer(t);
            var u = Candidate.Inputs.RowPointer(t);
            Elementwise.Subtract(z, current.States.RowPointer(t), deviation, n);
            Gemv.Multiply(_factors.Gain(t), deviation, u);
            Gemv.AddScaled(T.One, current.Inputs.RowPointer(t), u, m);
            _problem.Step(t, z, u, Candidate.States.RowPointer(t + 1), Candidate.TapeRow(t));
        }

        Candidate.Cost = IterativeLqr<T>.FiniteOrInfinite(_problem.Cost(Candidate));
        GC.KeepAlive(current);
        GC.KeepAlive(this);
    }

    /// <summary>Doubles the full step while that decreases the cost, along a direction in which the cost bends downwards.</summary>
    private double Lengthen(Trajectory<T> current, SearchDirection<T> direction)
    {
        var step = 1.0;
        for (var k = 0; k < Steps; k++)
        {
            var best = Candidate.Cost;
            if (!(RollOut(current, direction, T.CreateChecked(2 * step)) < best))
            {
                RollOut(current, direction, T.CreateChecked(step));
                break;
            }

            step *= 2;
        }

        return step;
    }
}

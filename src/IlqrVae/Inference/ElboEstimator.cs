using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Models;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Parameters;
using IlqrVae.Models.Priors;
using IlqrVae.Numerics;

namespace IlqrVae.Inference;

/// <summary>
/// The ELBO of a trial around its MAP solution, and its gradient with respect to every parameter, through the MAP inputs:
/// <code>
/// d loss/d theta = d loss/d theta |_{u*}  -  d/d theta [ grad_u J(u*, theta) . v ],    H v = d loss/du*,    loss = -ELBO
/// </code>
/// One worker has one; after the first trial it allocates nothing.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class ElboEstimator<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly VariationalModel<T> _model;
    private readonly int _capacity;
    private readonly int _likelihoodWindow;
    private SampleWorkspace? _samples;

    /// <summary>Prepares estimates; what they need is allocated by the first.</summary>
    /// <param name="model">The model.</param>
    /// <param name="capacity">The largest number of bins; no more than the posterior's covariance covers are of use.</param>
    /// <param name="likelihoodWindow">Bins whose likelihood terms are kept between calls; longer trials compute them again when needed.</param>
    public ElboEstimator(VariationalModel<T> model, int capacity, int likelihoodWindow = LikelihoodScratch<T>.DefaultWindow)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
        _capacity = Math.Min(capacity, model.Posterior.Capacity);
        _likelihoodWindow = likelihoodWindow;
    }

    /// <summary>The gradient of the loss with respect to (z_0*, u*) of the last evaluation with gradient.</summary>
    public InputVector<T> LossGradient => Samples.LossGradient;

    /// <summary>Estimates the ELBO of a trial, or another objective of the same posterior.</summary>
    /// <param name="map">The trial's solution, of all its bins; not more of them than the posterior's covariance covers.</param>
    /// <param name="draws">The draws, filled for this trial.</param>
    /// <param name="options">Settings.</param>
    /// <param name="lossGradient">Receives the gradient of -ELBO (overwritten), or null when it is not wanted.</param>
    /// <param name="counted">What counts of the trial's observations; null for what the solve saw, so that entries hidden from it do not count here either.</param>
    /// <returns>The estimate; negative infinity, with a zero gradient, where the trial's numbers overflow.</returns>
    /// <exception cref="ArgumentException">The solution is of a part of the trial, or longer than the covariance.</exception>
    public ElboResult Evaluate(
        MapSolution<T> map, PosteriorDraws<T> draws, ElboOptions options, TrialGradient<T>? lossGradient, CountedObservations? counted = null)
    {
        ArgumentNullException.ThrowIfNull(draws);
        ArgumentNullException.ThrowIfNull(options);
        var steps = Bins(map) - 1;
        draws.SetBins(steps + 1);
        if (!map.IsUsable)
        {
            lossGradient?.Clear(steps);
            return new ElboResult(double.NegativeInfinity, double.NegativeInfinity, double.NaN, map.Report, 0, true) { Weight = map.Problem.ObservedWeight };
        }

        var elbo = EvaluateAt(map, draws, options, lossGradient, counted, out var logLikelihood, out var divergence);
        var products = 0;
        var fellBack = false;
        if (lossGradient is not null)
        {
            (products, fellBack) = AddImplicitGradient(map, options, lossGradient.Others);
        }

        return new ElboResult(elbo, logLikelihood, divergence, map.Report, products, fellBack) { Weight = Samples.Problem.ObservedWeight };
    }

    /// <summary>Rolls one draw of the shared posterior out around a MAP solution.</summary>
    /// <param name="map">The solution, of all bins of its trial; not more of them than the posterior's covariance covers.</param>
    /// <param name="draws">The draws, filled for this trial and set to its bins.</param>
    /// <param name="draw">Which of them.</param>
    /// <param name="logDensity">log q(u | o) of the draw, in nats.</param>
    /// <returns>The draw, valid until the next; its cost is -log p(o, u).</returns>
    /// <exception cref="ArgumentException">The solution is of a part of the trial, or longer than the covariance.</exception>
    public Trajectory<T> SampleShared(MapSolution<T> map, PosteriorDraws<T> draws, int draw, out double logDensity)
    {
        ArgumentNullException.ThrowIfNull(draws);
        var steps = Bins(map) - 1;
        Samples.Problem.BindAs(map.Problem);
        Samples.Trajectory.SetBins(steps + 1);
        Draw(map.Trajectory, draws, draw, _model.Posterior.Time.Value.RowRange(0, steps).ColumnRange(0, steps));
        IterativeLqr<T>.RollOut(Samples.Problem, Samples.Trajectory);

        // The entropy holds half a nat a variable where the density of this draw has half its squares.
        var variables = _model.Generative.StateCount + ((double)steps * _model.Generative.InputCount);
        var squares = SumOfSquares(draws.Initial(draw)) + SumOfSquares(draws.Inputs(draw));
        logDensity = (0.5 * (variables - squares)) - Entropy(steps, null);
        return Samples.Trajectory;
    }

    private int Bins(MapSolution<T> map)
    {
        var bins = map.Trajectory.Bins;
        if (bins != map.Trial.Bins)
        {
            throw new ArgumentException($"The solution is of {bins} bins where the trial has {map.Trial.Bins}; solve all of it.", nameof(map));
        }

        return bins <= _capacity
            ? bins
            : throw new ArgumentException($"The trial has {bins} bins where there is room, or a covariance, for {_capacity}.", nameof(map));
    }

    private static double SumOfSquares(Matrix<T> matrix)
    {
        var sum = 0.0;
        for (var i = 0; i < matrix.Rows; i++)
        {
            foreach (var x in matrix.Row(i))
            {
                sum += double.CreateChecked(x) * double.CreateChecked(x);
            }
        }

        return sum;
    }

    /// <summary>Made by the first evaluation.</summary>
    private SampleWorkspace Samples => _samples ??= new SampleWorkspace(_model.Generative, _capacity, _likelihoodWindow);

    private double EvaluateAt(
        MapSolution<T> solution,
        PosteriorDraws<T> draws,
        ElboOptions options,
        TrialGradient<T>? gradient,
        CountedObservations? counted,
        out double logLikelihood,
        out double divergence)
    {
        var map = solution.Trajectory;
        var steps = map.Bins - 1;
        var posterior = _model.Posterior;
        var timeFactor = posterior.Time.Value.RowRange(0, steps).ColumnRange(0, steps);
        var countsDivergence = counted?.CountsDivergence != false;
        var closedForm = countsDivergence && options.PriorTerm == PriorTerm.ClosedFormWhereKnown;
        var inputsInClosedForm = closedForm && _model.Generative.InputPrior.IsQuadratic;
        var (omitsInputs, omitsInitial) = (inputsInClosedForm || !countsDivergence, closedForm || !countsDivergence);
        Samples.Problem.BindAs(solution.Problem, counted);
        Samples.Problem.OmitsPriorGradient = omitsInputs;
        Samples.Problem.OmitsInitialPriorGradient = omitsInitial;
        Samples.Trajectory.SetBins(map.Bins);
        LossGradient.SetBins(map.Bins);
        LossGradient.Clear();
        gradient?.Clear(steps);

        var observationLoss = 0.0;
        var inputLoss = 0.0;
        var initialLoss = 0.0;
        for (var k = 0; k < draws.Count; k++)
        {
            Draw(map, draws, k, timeFactor);
            IterativeLqr<T>.RollOut(Samples.Problem, Samples.Trajectory);
            var (inputs, initial) = Samples.Problem.PriorLosses(Samples.Trajectory);
            inputLoss += inputs / draws.Count;
            initialLoss += initial / draws.Count;
            observationLoss += (Samples.Trajectory.Cost - inputs - initial) / draws.Count;
            if (gradient is not null)
            {
                AccumulateDraw(draws, k, omitsInputs, omitsInitial, gradient);
            }
        }

        if (gradient is not null && draws.Count > 1)
        {
            gradient.Others.Scale(1.0 / draws.Count);
            gradient.Time.ScaleDraws(1.0 / draws.Count);
            LossGradient.Scale(1.0 / draws.Count);
        }

        logLikelihood = -observationLoss;
        if (!countsDivergence)
        {
            divergence = 0;
            return logLikelihood;
        }

        if (closedForm)
        {
            initialLoss = InitialPriorInClosedForm(map, gradient?.Others);
        }

        if (inputsInClosedForm)
        {
            inputLoss = InputPriorInClosedForm(map, _model.Generative.InputPrior, timeFactor, gradient);
        }

        var entropy = Entropy(steps, gradient);
        divergence = inputLoss + initialLoss - entropy;
        return logLikelihood - divergence;
    }

    /// <summary>z_0 = z_0* + L_0 e_0;  u = u* + L_t E L_s'.</summary>
    private void Draw(Trajectory<T> map, PosteriorDraws<T> draws, int k, Matrix<T> timeFactor)
    {
        var posterior = _model.Posterior;
        var steps = map.Bins - 1;
        var initial = Samples.Trajectory.States.RowPointer(0);
        Gemv.Multiply(posterior.Initial.Value, draws.Initial(k).Pointer, initial);
        Gemv.AddScaled(T.One, map.States.RowPointer(0), initial, map.States.Columns);
        var correlated = Samples.Correlated.RowRange(0, steps);
        Gemm.LowerMultiply(timeFactor, draws.Inputs(k), correlated);
        for (var t = 0; t < steps; t++)
        {
            var u = Samples.Trajectory.Inputs.RowPointer(t);
            Gemv.Multiply(posterior.Space.Value, correlated.RowPointer(t), u);
            Gemv.AddScaled(T.One, map.Inputs.RowPointer(t), u, map.Inputs.Columns);
        }

        GC.KeepAlive(map);
        GC.KeepAlive(draws);
        GC.KeepAlive(this);
    }

    /// <summary>
    /// Adds one draw's derivatives: of the losses with respect to the parameters, and with respect to its inputs G, which pass on to u* unchanged and
    /// to the factors as dL_0 = G_0 e_0', dL_s = G' (L_t E), dL_t = (G L_s) E'.
    /// </summary>
    private void AccumulateDraw(PosteriorDraws<T> draws, int k, bool omitsInputs, bool omitsInitial, TrialGradient<T> trialGradient)
    {
        var gradient = trialGradient.Others;
        var posterior = _model.Posterior;
        var steps = Samples.Trajectory.Bins - 1;
        Samples.Adjoint.Run(Samples.Problem, Samples.Trajectory);
        Samples.Problem.AccumulateGradient(Samples.Trajectory, Samples.Adjoint, gradient);
        if (!omitsInputs)
        {
            _model.Generative.InputPrior.AccumulateGradient(Samples.Trajectory.Inputs, gradient);
        }

        if (!omitsInitial)
        {
            _model.Generative.InitialPrior.AccumulateGradient(Samples.Trajectory.States.RowRange(0, 1), gradient);
        }

        var g = Samples.Adjoint.Gradient;
        LossGradient.AddScaled(1, g);
        var initial = g.InitialPointer;
        var toInitial = gradient[posterior.Initial];
        for (var i = 0; i < toInitial.Rows; i++)
        {
            Gemv.AddScaled(initial[i], draws.Initial(k).Pointer, toInitial.RowPointer(i), i + 1);
        }

        Gemm.TransposedMultiply(g.Inputs, Samples.Correlated.RowRange(0, steps), gradient[posterior.Space], accumulate: true);
        var weighted = Samples.Weighted.RowRange(0, steps);
        Gemm.Multiply(g.Inputs, posterior.Space.Value, weighted);
        trialGradient.Time.SetDraw(k, weighted, draws.Inputs(k), Samples.Correlated.RowRange(0, steps));
        GC.KeepAlive(draws);
        GC.KeepAlive(trialGradient);
        GC.KeepAlive(this);
    }

    /// <summary>E[-log p(z_0)] = -log p(z_0*) + sum_i (row i of L_0)^2 / (2 sigma_i^2).</summary>
    private double InitialPriorInClosedForm(Trajectory<T> map, ParameterGradient<T>? gradient)
    {
        var prior = _model.Generative.InitialPrior;
        var factor = _model.Posterior.Initial.Value;
        var state = map.States.RowRange(0, 1);
        var loss = prior.Loss(state);
        for (var i = 0; i < factor.Rows; i++)
        {
            var scale = prior.Scale.ExactValue[i];
            var row = factor.RowPointer(i);
            var squares = double.CreateChecked(Gemv.Dot(row, row, factor.Columns));
            loss += 0.5 * squares / (scale * scale);
            if (gradient is not null)
            {
                Gemv.AddScaled(T.CreateSaturating(1 / (scale * scale)), row, gradient[_model.Posterior.Initial].RowPointer(i), factor.Columns);
                gradient[prior.Scale].Pointer[i] -= T.CreateSaturating(squares / (scale * scale * scale));
                LossGradient.Initial[i] += T.CreateSaturating(double.CreateChecked(state[0, i]) / (scale * scale));
            }
        }

        if (gradient is not null)
        {
            prior.AccumulateGradient(state, gradient);
        }

        GC.KeepAlive(gradient);
        GC.KeepAlive(this);
        return loss;
    }

    /// <summary>E[-log p(u)] = -log p(u*) + sum_tj r_t c_j / (2 s_j^2), r_t and c_j the squared norms of the rows of L_t and L_s.</summary>
    private double InputPriorInClosedForm(Trajectory<T> map, InputPrior<T> prior, Matrix<T> timeFactor, TrialGradient<T>? trialGradient)
    {
        var gradient = trialGradient?.Others;
        var space = _model.Posterior.Space;
        var m = prior.Dimension;
        var loss = prior.Loss(map.Inputs);
        var timeSquares = 0.0;
        for (var t = 0; t < timeFactor.Rows; t++)
        {
            timeSquares += double.CreateChecked(Gemv.Dot(timeFactor.RowPointer(t), timeFactor.RowPointer(t), t + 1));
        }

        var spaceSquares = 0.0;
        for (var j = 0; j < m; j++)
        {
            var scale = prior.Scale.ExactValue[j];
            var row = space.Value.RowPointer(j);
            var squares = double.CreateChecked(Gemv.Dot(row, row, m));
            spaceSquares += squares / (scale * scale);
            if (gradient is not null)
            {
                Gemv.AddScaled(T.CreateSaturating(timeSquares / (scale * scale)), row, gradient[space].RowPointer(j), m);
                gradient[prior.Scale].Pointer[j] -= T.CreateSaturating(timeSquares * squares / (scale * scale * scale));
            }
        }

        if (gradient is not null)
        {
            trialGradient!.Time.AddFactor(spaceSquares, timeSquares);
            var pull = Samples.Weighted.RowRange(0, map.Inputs.Rows);
            prior.Gradient(map.Inputs, pull);
            RowOperations.AddScaled(T.One, pull, LossGradient.Inputs);
            prior.AccumulateGradient(map.Inputs, gradient);
        }

        timeFactor.KeepAlive();
        GC.KeepAlive(gradient);
        GC.KeepAlive(this);
        return loss + (0.5 * timeSquares * spaceSquares);
    }

    /// <summary>H[q] = (n + S m) (1 + log 2 pi) / 2 + log det L_0 + m log det L_t + S log det L_s for S steps.</summary>
    private double Entropy(int steps, TrialGradient<T>? gradient)
    {
        var posterior = _model.Posterior;
        var n = _model.Generative.StateCount;
        var m = _model.Generative.InputCount;
        gradient?.Time.SubtractInversePivots(m);
        return (0.5 * (n + ((double)steps * m)) * (1 + Math.Log(2 * Math.PI)))
            + LogDiagonal(posterior.Initial, n, 1, gradient?.Others)
            + LogDiagonal(posterior.Time, steps, m, null)
            + LogDiagonal(posterior.Space, m, steps, gradient?.Others);
    }

    private static double LogDiagonal(Parameter<T> factor, int size, int weight, ParameterGradient<T>? gradient)
    {
        var sum = 0.0;
        for (var i = 0; i < size; i++)
        {
            var pivot = factor.ExactValue[(i * factor.Columns) + i];
            sum += weight * Math.Log(pivot);
            if (gradient is not null)
            {
                gradient[factor][i, i] -= T.CreateSaturating(weight / pivot);
            }
        }

        return sum;
    }

    private (int Steps, bool FellBack) AddImplicitGradient(MapSolution<T> solution, ElboOptions options, ParameterGradient<T> gradient)
    {
        var (problem, workspace) = (solution.Problem, solution.Workspace);
        var map = workspace.Current;
        var solver = workspace.ConjugateGradients;

        // v enters with a minus sign everywhere, so the right-hand side carries it.
        LossGradient.Scale(-1);
        var steps = 0;
        var fellBack = false;
        if (options.Method == GradientMethod.Exact)
        {
            var result = solver.Solve(
                problem, map, workspace.Adjoint, workspace.Factors, workspace.Hessian, LossGradient, options.GradientTolerance, options.MaximumGradientSteps);
            steps = result.Iterations;
            fellBack = result.Status != ConjugateGradientStatus.Converged;
        }

        TangentRollout<T> direction;
        if (fellBack || options.Method == GradientMethod.GaussNewton)
        {
            if (!workspace.Factors.Factorise(problem, map, 0))
            {
                LossGradient.Scale(-1);
                return (steps, true);
            }

            solver.Begin(problem, map, workspace.Factors, LossGradient, 1);
            direction = solver.RollOutPreconditioned(problem, map, workspace.Factors);
        }
        else
        {
            direction = solver.RollOutSolution(problem, map);
        }

        workspace.Adjoint.Record(problem, map);
        direction.Record(problem, map);
        workspace.Hessian.Multiply(problem, map, workspace.Adjoint, direction, Samples.Adjoint.Gradient, isRecorded: true);
        problem.AccumulateMixedDerivative(map, workspace.Adjoint, direction, workspace.Hessian, gradient);
        LossGradient.Scale(-1);
        return (steps, fellBack);
    }

    private sealed class SampleWorkspace
    {
        public SampleWorkspace(GenerativeModel<T> model, int capacity, int likelihoodWindow)
        {
            var m = model.InputCount;
            Problem = new TrialProblem<T>(model, capacity, likelihoodWindow);
            Trajectory = new Trajectory<T>(capacity, model.StateCount, m, Problem.TapeLength);
            Adjoint = new AdjointSweep<T>(Problem);
            Correlated = Matrix<T>.Allocate(capacity - 1, m);
            Weighted = Matrix<T>.Allocate(capacity - 1, m);
            LossGradient = new InputVector<T>(capacity, model.StateCount, m);
        }

        public TrialProblem<T> Problem { get; }

        public Trajectory<T> Trajectory { get; }

        public AdjointSweep<T> Adjoint { get; }

        public Matrix<T> Correlated { get; }

        public Matrix<T> Weighted { get; }

        public InputVector<T> LossGradient { get; }
    }
}

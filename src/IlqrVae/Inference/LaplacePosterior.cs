using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Models;
using IlqrVae.Numerics;

namespace IlqrVae.Inference;

/// <summary>
/// The Gaussian (Laplace) posterior of one trial around its MAP inputs, N(u*, H^-1), without ever forming H: a backward pass with the exact stage
/// Hessians leaves feedback gains K_t and factors Q_uu,t, in which the posterior is a Markov chain
/// <code>
/// z_0 = z_0* + R_0^-1 e_0,    u_t = u_t* + K_t (z_t - z_t*) + R_t^-1 e_t,    e ~ N(0, I)
/// </code>
/// so that marginals and joint samples cost a forward pass, whatever the length of the trial.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class LaplacePosterior<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly MapSolver<T> _solver;
    private readonly GenerativeModel<T> _model;
    private readonly RiccatiFactors<T> _factors;
    private readonly ExactCurvature<T> _exact;
    private MapSolution<T> _map;
    private TrialProblem<T>? _sampleProblem;
    private Trajectory<T>? _sample;

    /// <summary>Allocates the workspace.</summary>
    /// <param name="solver">The solver whose solutions are analysed.</param>
    public LaplacePosterior(MapSolver<T> solver)
    {
        ArgumentNullException.ThrowIfNull(solver);
        _solver = solver;
        _model = solver.Model;
        _factors = new RiccatiFactors<T>(solver.Problem);
        _exact = new ExactCurvature<T>(solver.Problem, solver.Workspace.Adjoint);
    }

    /// <summary>True when the exact Hessian was not positive definite and the Gauss-Newton one stands in for it.</summary>
    public bool IsGaussNewton { get; private set; }

    /// <summary>log det H.</summary>
    public double LogDeterminant { get; private set; }

    /// <summary>The entropy of the posterior in nats.</summary>
    public double Entropy => 0.5 * ((VariableCount * (1 + Math.Log(2 * Math.PI))) - LogDeterminant);

    /// <summary>Laplace's approximation of log p(o): -J(u*) + D/2 log 2 pi - 1/2 log det H. Exact for linear-Gaussian models.</summary>
    public double LogEvidence => -_map.Trajectory.Cost + (0.5 * VariableCount * Math.Log(2 * Math.PI)) - (0.5 * LogDeterminant);

    /// <summary>What samples are rolled out with, bound as the solution is. A problem of its own: that of the solution stays differentiated there.</summary>
    internal TrialProblem<T> SampleProblem
    {
        get
        {
            _sampleProblem ??= new TrialProblem<T>(_model, _solver.Capacity, _solver.LikelihoodWindow);
            _sampleProblem.BindAs(_map.Problem);
            return _sampleProblem;
        }
    }

    private double VariableCount => _model.StateCount + ((double)(_map.Trajectory.Bins - 1) * _model.InputCount);

    /// <summary>Factors the Hessian at a MAP solution. What is then asked for concerns that solution, and throws when its solver has solved again.</summary>
    /// <param name="map">The solution, of the solver that this one was made for.</param>
    /// <returns>False when not even the Gauss-Newton Hessian could be factored (numbers overflow there).</returns>
    /// <exception cref="ArgumentException">The solution is another solver's.</exception>
    public bool Prepare(MapSolution<T> map)
    {
        if (map.Solver != _solver)
        {
            throw new ArgumentException("The solution is another solver's.", nameof(map));
        }

        _map = map;
        IsGaussNewton = !_factors.Factorise(map.Problem, map.Trajectory, 0, _exact);
        if (IsGaussNewton && !_factors.Factorise(map.Problem, map.Trajectory, 0))
        {
            return false;
        }

        LogDeterminant = _factors.LogDeterminant(map.Trajectory.Bins);
        return true;
    }

    /// <summary>
    /// Marginal variances, by P_0 = (R_0'R_0)^-1, P_{t+1} = F P_t F' + B Q_uu^-1 B' with F = A + B K, and var u_t = diag(K P_t K' + Q_uu^-1). States
    /// and activations are to first order in the inputs.
    /// </summary>
    /// <param name="withInputCovariances">Whether the covariances of each bin's inputs are wanted too.</param>
    /// <returns>The variances. Allocates.</returns>
    public LaplaceMarginals Marginals(bool withInputCovariances = false)
    {
        var n = _model.StateCount;
        var m = _model.InputCount;
        var map = _map.Trajectory;
        var problem = _map.Problem;
        var covariance = Matrix<T>.Allocate(n, n);
        var jacobian = Matrix<T>.Allocate(n, n);
        var transposed = Matrix<T>.Allocate(n, n);
        var product = Matrix<T>.Allocate(n, n);
        var ofInput = Matrix<T>.Allocate(n, m);
        var spread = Matrix<T>.Allocate(m, n);
        var inputInverse = Matrix<T>.Allocate(m, m);
        var gainProduct = Matrix<T>.Allocate(m, n);
        var stateInverse = Matrix<T>.Allocate(n, n);
        var marginals = new LaplaceMarginals(
            new double[n],
            new double[(map.Bins - 1) * m],
            new double[map.Bins * n],
            [.. _model.Likelihoods.Select(likelihood => new double[map.Bins * likelihood.ChannelCount])])
        {
            InputCovariances = withInputCovariances ? new double[(map.Bins - 1) * m * m] : null,
        };
        var isCarried = _model.Autoregression is not null;
        var channelProducts = _model.Likelihoods.Select(likelihood => Matrix<T>.Allocate(likelihood.ChannelCount, n)).ToArray();

        // Rows of R'^-1: the covariance (R'R)^-1 is the sum over k of outer products of the columns of R^-1, that is, X'X with R'X = I.
        InverseTransposed(_factors.InitialFactor, stateInverse);
        Gemm.TransposedMultiply(stateInverse, stateInverse, covariance);
        for (var i = 0; i < n; i++)
        {
            marginals.InitialState[i] = double.CreateChecked(covariance[i, i]);
        }

        for (var t = 0; t < map.Bins; t++)
        {
            for (var i = 0; i < n; i++)
            {
                marginals.States[(t * n) + i] = double.CreateChecked(covariance[i, i]);
            }

            if (isCarried && t > 0 && marginals.InputCovariances is { } carried)
            {
                // Inputs that go on are the last part of the next state.
                CopyBlock(covariance, n - m, carried.AsSpan((t - 1) * m * m, m * m));
            }

            for (var g = 0; g < channelProducts.Length; g++)
            {
                var c = _model.Likelihoods[g].Weights.Value;
                Gemm.Multiply(c, covariance, channelProducts[g]);
                for (var i = 0; i < c.Rows; i++)
                {
                    marginals.Activations[g][(t * c.Rows) + i] = double.CreateChecked(Gemv.Dot(c.RowPointer(i), channelProducts[g].RowPointer(i), c.Columns));
                }
            }

            if (t == map.Bins - 1)
            {
                break;
            }

            var gain = _factors.Gain(t);
            InverseTransposed(_factors.InputFactor(t), inputInverse);
            Gemm.Multiply(gain, covariance, gainProduct);
            for (var j = 0; j < m; j++)
            {
                var own = T.Zero;
                for (var k = 0; k < m; k++)
                {
                    own += inputInverse[k, j] * inputInverse[k, j];
                }

                marginals.Inputs[(t * m) + j] = double.CreateChecked(own + Gemv.Dot(gain.RowPointer(j), gainProduct.RowPointer(j), n));
            }

            if (marginals.InputCovariances is { } covariances && !isCarried)
            {
                InputCovariance(inputInverse, gain, gainProduct, covariances.AsSpan(t * m * m, m * m));
            }

            problem.Jacobian(t, map, jacobian, ofInput);
            Gemm.Multiply(ofInput, gain, jacobian, accumulate: true);
            jacobian.TransposeTo(transposed);
            Gemm.Multiply(jacobian, covariance, product);
            Gemm.Multiply(product, transposed, covariance);

            // (B R^-1)' = R'^-1 B', whose rows' outer products sum to B Q_uu^-1 B'.
            for (var k = 0; k < m; k++)
            {
                for (var i = 0; i < n; i++)
                {
                    spread[k, i] = Gemv.Dot(inputInverse.RowPointer(k), ofInput.RowPointer(i), m);
                }
            }

            Gemm.TransposedMultiply(spread, spread, covariance, accumulate: true);
        }

        ofInput.KeepAlive();
        inputInverse.KeepAlive();
        gainProduct.KeepAlive();
        GC.KeepAlive(channelProducts);
        GC.KeepAlive(this);
        return marginals;
    }

    /// <summary>
    /// Draws one joint sample of initial state and inputs through the feedback gains, rolled out through the true dynamics.
    /// </summary>
    /// <param name="random">The generator.</param>
    /// <param name="logDensity">log q of the sample, exact for this sampler.</param>
    /// <returns>The sample, valid until the next; its cost is -log p(o, u).</returns>
    public Trajectory<T> Sample(ref CounterRandom random, out double logDensity)
    {
        var n = _model.StateCount;
        var m = _model.InputCount;
        var map = _map.Trajectory;
        var noise = stackalloc T[Matrix<T>.PaddedLength(Math.Max(n, m))];
        var deviation = stackalloc T[Matrix<T>.PaddedLength(n)];
        Elementwise.Clear(deviation, Matrix<T>.PaddedLength(n));
        var problem = SampleProblem;
        var drawn = _sample ??= new Trajectory<T>(_solver.Capacity, n, m, problem.TapeLength);
        drawn.SetBins(map.Bins);
        var squares = FillNormal(ref random, noise, n);
        Cholesky.Solve(_factors.InitialFactor, noise);
        for (var i = 0; i < n; i++)
        {
            drawn.States[0, i] = map.States[0, i] + noise[i];
        }

        for (var t = 0; t < map.Bins - 1; t++)
        {
            squares += FillNormal(ref random, noise, m);
            Cholesky.Solve(_factors.InputFactor(t), noise);
            Elementwise.Subtract(drawn.States.RowPointer(t), map.States.RowPointer(t), deviation, n);
            var u = drawn.Inputs.RowPointer(t);
            Gemv.Multiply(_factors.Gain(t), deviation, u);
            for (var j = 0; j < m; j++)
            {
                u[j] += map.Inputs[t, j] + noise[j];
            }

            problem.Step(t, drawn.States.RowPointer(t), u, drawn.States.RowPointer(t + 1), drawn.TapeRow(t));
        }

        GC.KeepAlive(map);
        GC.KeepAlive(drawn);
        logDensity = (0.5 * LogDeterminant) - (0.5 * (squares + (VariableCount * Math.Log(2 * Math.PI))));
        drawn.Cost = problem.Cost(drawn);
        return drawn;
    }

    /// <summary>K P K' + Q_uu^-1, from X with X'X = Q_uu^-1 and the product K P.</summary>
    private static void InputCovariance(Matrix<T> inverse, Matrix<T> gain, Matrix<T> gainProduct, Span<double> target)
    {
        var m = inverse.Rows;
        for (var i = 0; i < m; i++)
        {
            for (var j = 0; j < m; j++)
            {
                var sum = Gemv.Dot(gain.RowPointer(i), gainProduct.RowPointer(j), gain.Columns);
                for (var k = 0; k < m; k++)
                {
                    sum += inverse[k, i] * inverse[k, j];
                }

                target[(i * m) + j] = double.CreateChecked(sum);
            }
        }

        gain.KeepAlive();
        gainProduct.KeepAlive();
    }

    /// <summary>The square block from a diagonal element to the end.</summary>
    private static void CopyBlock(Matrix<T> covariance, int first, Span<double> target)
    {
        var m = covariance.Rows - first;
        for (var i = 0; i < target.Length; i++)
        {
            target[i] = double.CreateChecked(covariance[first + (i / m), first + (i % m)]);
        }
    }

    private static double FillNormal(ref CounterRandom random, T* target, int count)
    {
        var squares = 0.0;
        for (var i = 0; i < count; i++)
        {
            var x = random.NextNormal();
            squares += x * x;
            target[i] = T.CreateChecked(x);
        }

        return squares;
    }

    /// <summary>X = R'^-1, so that (R'R)^-1 = X' X.</summary>
    private static void InverseTransposed(Matrix<T> r, Matrix<T> x)
    {
        var n = r.Rows;
        x.Clear();
        for (var j = 0; j < n; j++)
        {
            // Column j of X solves R' x = e_j: forward substitution from row j.
            x[j, j] = T.One / r[j, j];
            for (var i = j + 1; i < n; i++)
            {
                var sum = T.Zero;
                for (var k = j; k < i; k++)
                {
                    sum -= r[k, i] * x[k, j];
                }

                x[i, j] = sum / r[i, i];
            }
        }
    }
}

/// <summary>Marginal posterior variances of one trial in the controller's coordinates, row-major.</summary>
/// <param name="InitialState">n, with the memory of autoregressive inputs.</param>
/// <param name="Inputs">(T - 1) x m; of autoregressive inputs their innovations.</param>
/// <param name="States">T x n, with the memory of autoregressive inputs.</param>
/// <param name="Activations">For each likelihood T x N: the variance of C z + d.</param>
public sealed record LaplaceMarginals(double[] InitialState, double[] Inputs, double[] States, double[][] Activations)
{
    /// <summary>(T - 1) x m x m: the covariance of each bin's inputs, of autoregressive ones the inputs themselves; null unless asked for.</summary>
    public double[]? InputCovariances { get; init; }
}

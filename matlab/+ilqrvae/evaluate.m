function scores = evaluate(run, data, varargin)
%EVALUATE  Scores a model (docs/evaluation.md defines every score).
%
%   SCORES = ilqrvae.evaluate(RUN, FILE, 'split', 'test', 'hide', {'velocity'}) gives a struct: SCORES.log_evidence, SCORES.groups.velocity.r2 and so on.
%   RUN is what ilqrvae.fit or train gave, or the folder. Names and values are options of 'ilqr-vae evaluate': 'forecast', 'gap', 'baselines', 'coverage' ...
    if isstruct(run)
        run = run.path;
    end
    scores = ilqrvae.call('evaluate', run, 'data', data, varargin{:});
end

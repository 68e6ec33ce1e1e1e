function [given, rest] = private_take(names, pairs)
%PRIVATE_TAKE  Takes some names and values out of a list; those that are not given are [].
    given = cell2struct(cell(numel(names), 1), names(:), 1);
    rest = {};
    for k = 1:2:numel(pairs) - 1
        if any(strcmp(pairs{k}, names))
            given.(pairs{k}) = pairs{k + 1};
        else
            rest(end + 1:end + 2) = pairs(k:k + 1);
        end
    end
    if mod(numel(pairs), 2) ~= 0
        rest{end + 1} = pairs{end};
    end
end
